#pragma once

namespace polymux::test {

/// Functions of the C library that can be made to fail in this program: its own definitions come
/// before those of the library.
enum class Call { epoll_ctl, fcntl, fstat, ppoll, pselect, sigmask, write };

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

}  // namespace polymux::test
