#pragma once

#include <memory>
#include <new>
#include <span>
#include <system_error>

namespace polymux {

/// The signal side of signal-driven I/O, for one poller: how files are made to signal, how signals
/// are gathered without a race, and which descriptors they name. Each kind of system has its own.
///
/// What it says is a hint where to look and no more: signals come late, twice, for numbers that are
/// another's by now, or not at all when their queue is full.
///
/// \par Threads  As `Poller`: one at a time. Signals go to the thread that called `enter_thread`.
class ReadinessSignals {
 public:
  ReadinessSignals() = default;
  ReadinessSignals(const ReadinessSignals&) = delete;
  ReadinessSignals& operator=(const ReadinessSignals&) = delete;
  virtual ~ReadinessSignals() = default;

  /// Has signals sent to the calling thread from now on.
  ///
  /// \return True if they were not: then every file has to be readdressed, and looked at.
  [[nodiscard]] virtual bool enter_thread() noexcept = 0;

  /// Makes the file of `fd` signal this poller's thread.
  ///
  /// \return False if it does not, and has to be looked at every time: somebody asked for its
  ///         signals before, under another number perhaps, or it has none.
  [[nodiscard]] virtual bool arm(int fd) noexcept = 0;
  /// Has a file that was armed signal the thread that was entered since. False if it does not.
  [[nodiscard]] virtual bool readdress(int fd) noexcept = 0;
  /// Undoes `arm`. The number must still mean the file that was armed.
  virtual void disarm(int fd) noexcept = 0;
  /// Instead of `disarm`, if the number was closed: a duplicate may go on signalling.
  virtual void leave_armed() noexcept = 0;

  /// Readable while there are signals to take.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// True if signals were taken that `fd` no longer tells of.
  [[nodiscard]] virtual bool has_hints() const noexcept = 0;

  /// What signals said.
  struct Hints {
    /// Numbers to look at; may be doubled, or of no concern. Valid until the next call.
    std::span<const int> numbers;
    /// Some were lost, or do not say their number: look at all.
    bool look_at_all = false;
  };

  /// Takes what has come, so far as one call gives it.
  [[nodiscard]] virtual Hints take() noexcept = 0;

  /// Gives up the descriptors without closing them, in a child by fork.
  virtual void abandon() noexcept = 0;
};

/// Makes signals of one kind in two steps, so that no constructor has to fail.
template <class Signals>
[[nodiscard]] std::unique_ptr<ReadinessSignals> open_signals(std::error_code& error) noexcept {
  try {
    auto signals = std::make_unique<Signals>();
    error = signals->open();
    if (error) return nullptr;
    return signals;
  } catch (const std::bad_alloc&) {
    error = std::make_error_code(std::errc::not_enough_memory);
    return nullptr;
  }
}

/// \param error  Set if there are none to be had.
[[nodiscard]] std::unique_ptr<ReadinessSignals> open_readiness_signals(
    std::error_code& error) noexcept;

}  // namespace polymux
