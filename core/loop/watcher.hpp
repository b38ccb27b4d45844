#pragma once

#include <functional>
#include <system_error>
#include <utility>

#include <polymux/poller/event.hpp>

namespace polymux {

class EventLoop;

/// Watches one descriptor in an `EventLoop`: derive from it, or use `CallbackWatcher`.
///
/// The descriptor is borrowed: `stop` (or destruction) comes before it is closed.
///
/// \par Threads  The loop's own thread only.
/// \par Callbacks  `on_ready` may start, change, stop and destroy any watcher and timer, this one
///                 and its owner included. An event of the same batch for a watcher that was
///                 stopped meanwhile is dropped, also if its number has been taken by another.
class Watcher {
 public:
  /// The loop must outlive the watcher.
  explicit Watcher(EventLoop& loop) noexcept : loop_(&loop) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  /// Stops.
  virtual ~Watcher() { stop(); }

  /// Begins to watch `fd`. One that is active is stopped first.
  ///
  /// \return As `Poller::add`; after an error the watcher is not active.
  [[nodiscard]] std::error_code start(int fd, Interest interest,
                                      Trigger trigger = Trigger::level) noexcept;

  /// Changes what is watched for, and arms a oneshot that has fired. Without a system call if a
  /// level watcher has this interest already.
  ///
  /// \return As `Poller::modify`; `not_registered` if the watcher is not active. After an error it
  ///         watches as before.
  [[nodiscard]] std::error_code set_interest(Interest interest) noexcept;

  /// Ends watching; a second time does nothing.
  void stop() noexcept;

  [[nodiscard]] bool is_active() const noexcept { return fd_ >= 0; }
  /// The descriptor, or -1 if not active.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] Interest interest() const noexcept { return interest_; }
  [[nodiscard]] EventLoop& loop() const noexcept { return *loop_; }

 protected:
  /// The descriptor is ready. What it throws comes out of `EventLoop::run`.
  virtual void on_ready(Ready ready) = 0;

 private:
  friend class EventLoop;

  EventLoop* loop_;
  int fd_ = -1;
  Interest interest_ = Interest::none;
  Trigger trigger_ = Trigger::level;
};

/// A watcher that calls a function.
class CallbackWatcher final : public Watcher {
 public:
  using Callback = std::function<void(Ready)>;

  CallbackWatcher(EventLoop& loop, Callback callback) noexcept
      : Watcher(loop), callback_(std::move(callback)) {}
  ~CallbackWatcher() override;

 private:
  void on_ready(Ready ready) override;

  Callback callback_;
  /// Where to note that a callback destroyed its watcher.
  bool* was_destroyed_ = nullptr;
};

}  // namespace polymux
