#pragma once

#include <functional>
#include <system_error>
#include <utility>

#include <polymux/export.hpp>
#include <polymux/poller/event.hpp>

namespace polymux {
/// \addtogroup loop
/// \{

class EventLoop;

/// Watches one descriptor in an `EventLoop`: derive from it, or use `CallbackWatcher`.
///
/// The descriptor is borrowed: `stop` (or destruction) comes before it is closed.
///
/// \par Threads  The loop's own thread only.
/// \par Callbacks  `on_ready` may start, change, stop and destroy any watcher and timer, this one
///                 and its owner included. An event of the same batch for a watcher that was
///                 stopped meanwhile is dropped, also if its number has been taken by another.
class POLYMUX_API Watcher {
 public:
  /// Watches nothing yet.
  ///
  /// \param loop  Where it is called; must outlive the watcher.
  explicit Watcher(EventLoop& loop) noexcept : loop_(&loop) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  /// Stops.
  virtual ~Watcher() { stop(); }

  /// Begins to watch `fd`. One that is active is stopped first.
  ///
  /// \param fd        An open descriptor, borrowed until `stop`.
  /// \param interest  What to watch for; `none` only keeps the descriptor registered.
  /// \param trigger   When to be called for it.
  /// \return As `Poller::add`; after an error the watcher is not active.
  [[nodiscard]] std::error_code start(int fd, Interest interest,
                                      Trigger trigger = Trigger::level) noexcept;

  /// Changes what is watched for, and arms a oneshot that has fired.
  ///
  /// A level watcher's change to what it was allowed before is told to the poller at the end of the
  /// turn, or before the next wait: however often it changes until then, that is one system call,
  /// or none if it ends as it was. If memory is short then, the loop tries again every 10 ms, and
  /// the watcher is told nothing until it succeeds; if the descriptor was closed, it is told
  /// `Ready::invalid`.
  ///
  /// \param interest  What to watch for from now on.
  /// \return As `Poller::modify`; `not_registered` if the watcher is not active. After an error it
  ///         watches as before.
  [[nodiscard]] std::error_code set_interest(Interest interest) noexcept {
    if (!is_change_due_ || !is_allowed(interest)) return change_interest(interest);
    interest_ = interest;
    return {};
  }

  /// Ends watching; a second time does nothing.
  void stop() noexcept;

  /// \return True between `start` and `stop`.
  [[nodiscard]] bool is_active() const noexcept { return fd_ >= 0; }
  /// \return The descriptor, or -1 if not active.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// \return What is watched for, while it is active.
  [[nodiscard]] Interest interest() const noexcept { return interest_; }
  /// \return The loop that was given when it was made.
  [[nodiscard]] EventLoop& loop() const noexcept { return *loop_; }

 protected:
  /// The descriptor is ready. What it throws comes out of `EventLoop::run`.
  ///
  /// \param ready  What for: at least one flag.
  virtual void on_ready(Ready ready) = 0;

 private:
  friend class EventLoop;
  friend class InterestChanges;

  [[nodiscard]] bool is_allowed(Interest interest) const noexcept {
    return (interest | allowed_) == allowed_;
  }
  [[nodiscard]] std::error_code change_interest(Interest interest) noexcept;
  [[nodiscard]] std::error_code change_interest_now(Interest interest) noexcept;
  /// And sees to it.
  [[nodiscard]] bool will_be_told(Interest interest) noexcept;
  [[nodiscard]] std::error_code tell_poller(Interest interest) noexcept;
  void leave_poller() noexcept;

  EventLoop* loop_;
  int fd_ = -1;
  Interest interest_ = Interest::none;
  /// What the poller knows of.
  Interest told_ = Interest::none;
  Trigger trigger_ : 7 = Trigger::level;
  /// Taken out of the poller, for a change could not be told.
  bool is_absent_ : 1 = false;
  /// Every flag that the poller has taken for this descriptor: it will not refuse one of them.
  Interest allowed_ : 7 = Interest::none;
  /// Among the `InterestChanges` of the loop.
  bool is_change_due_ : 1 = false;
};

/// A watcher that calls a function.
class POLYMUX_API CallbackWatcher final : public Watcher {
 public:
  /// Called with what the descriptor is ready for.
  using Callback = std::function<void(Ready)>;

  /// Watches nothing yet.
  ///
  /// \param loop      Where it is called; must outlive the watcher.
  /// \param callback  What is called; it may destroy the watcher. What it throws comes out of
  ///                  `EventLoop::run`.
  CallbackWatcher(EventLoop& loop, Callback callback) noexcept
      : Watcher(loop), callback_(std::move(callback)) {}
  /// Stops.
  ~CallbackWatcher() override;

 private:
  void on_ready(Ready ready) override;

  Callback callback_;
  /// Where to note that a callback destroyed its watcher.
  bool* was_destroyed_ = nullptr;
};

/// \}
}  // namespace polymux
