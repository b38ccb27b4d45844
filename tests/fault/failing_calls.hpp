#pragma once

#include <functional>

namespace polymux::test {

/// Functions of the C library that can be made to fail in this program: its own definitions come
/// before those of the library.
enum class Call {
  epoll_create,
  epoll_ctl,
  fcntl,
  fstat,
  poll,
  ppoll,
  pselect,
  ring_enter,
  sigmask,
  write
};

/// Makes calls fail, as the system does when it has nothing left to give, while this lives. One at
/// a time for each function.
class FailingCall {
 public:
  /// \param skipped  So many calls succeed first.
  /// \param failures  Then so many fail with `error`, and the others succeed again.
  FailingCall(Call call, int error, int skipped = 0, int failures = 1) noexcept;
  FailingCall(const FailingCall&) = delete;
  FailingCall& operator=(const FailingCall&) = delete;
  ~FailingCall();

  /// How many have failed so far.
  [[nodiscard]] int count() const noexcept;

 private:
  Call call_;
};

/// Has something happen right before a call of this thread: what another thread or process may do
/// at just that moment. One at a time.
class BeforeCall {
 public:
  /// \param action  Called once, before the first such call.
  BeforeCall(Call call, std::function<void()> action) noexcept;
  BeforeCall(const BeforeCall&) = delete;
  BeforeCall& operator=(const BeforeCall&) = delete;
  ~BeforeCall();

  [[nodiscard]] bool has_happened() const noexcept { return action_ == nullptr; }
  /// To be called by the functions themselves.
  static void happen(Call call);

 private:
  Call call_;
  std::function<void()> action_;
};

}  // namespace polymux::test
