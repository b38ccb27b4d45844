#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace probe {

/// The name of an error number, as `EPERM`; `errno 1234` for one that POSIX does not name.
[[nodiscard]] std::string error_name(int error);

/// A system call that did not do what was asked.
class SystemFailure : public std::runtime_error {
 public:
  /// \param call  Its name, with what it was about if that helps: `socket`, `open /dev/tty`.
  explicit SystemFailure(std::string call, int error = errno)
      : std::runtime_error(call + ": " + error_name(error)),
        call_(std::move(call)),
        error_(error) {}

  [[nodiscard]] const std::string& call() const noexcept { return call_; }
  [[nodiscard]] int error() const noexcept { return error_; }

 private:
  std::string call_;
  int error_;
};

/// The multiplexer does not take this descriptor.
class Refusal : public SystemFailure {
 public:
  using SystemFailure::SystemFailure;
};

}  // namespace probe
