#include "backends/io_uring/refusal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "platform/unique_fd.hpp"

namespace polymux {
namespace {

enum class Refusal {
  absent = 1,
  switched_off,
  forbidden,
  too_old,
  too_old_for_completions,
  no_memory
};

class RefusalCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "io_uring"; }

  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<Refusal>(value)) {
      case Refusal::absent:
        return "this kernel has no io_uring, or a sandbox hides it (ENOSYS)";
      case Refusal::switched_off:
        return "io_uring is switched off by the administrator (sysctl kernel.io_uring_disabled)";
      case Refusal::forbidden:
        return "io_uring is forbidden here, by seccomp or a security module (EPERM)";
      case Refusal::too_old:
        return "this kernel's io_uring is too old: Linux 5.13 is needed";
      case Refusal::too_old_for_completions:
        return "this kernel's io_uring is too old for completions: Linux 6.1 is needed";
      case Refusal::no_memory:
        return "no memory for a ring; before Linux 5.12 it counts against RLIMIT_MEMLOCK";
    }
    return "io_uring cannot be used here";
  }

  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<Refusal>(value)) {
      case Refusal::absent:
      case Refusal::too_old:
      case Refusal::too_old_for_completions:
        return std::errc::function_not_supported;
      case Refusal::switched_off:
      case Refusal::forbidden:
        return std::errc::operation_not_permitted;
      case Refusal::no_memory:
        return std::errc::not_enough_memory;
    }
    return {value, *this};
  }
};

std::error_code make(Refusal refusal) noexcept {
  static const RefusalCategory category;
  return {static_cast<int>(refusal), category};
}

// 1: for those who are not in a group of the administrator's; 2: for all (Linux 6.6).
bool is_switched_off() noexcept {
  const UniqueFd setting(::open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC));
  char value = '0';
  return setting && ::read(setting.get(), &value, 1) == 1 && value != '0';
}

}  // namespace

std::error_code to_refusal(int code) noexcept {
  switch (code) {
    case ENOSYS:
      return make(Refusal::absent);
    case EPERM:
    case EACCES:
      return make(is_switched_off() ? Refusal::switched_off : Refusal::forbidden);
    case ENOMEM:
      return make(Refusal::no_memory);
    default:
      return {code, std::system_category()};
  }
}

std::error_code kernel_too_old() noexcept {
  return make(Refusal::too_old);
}

std::error_code kernel_too_old_for_completions() noexcept {
  return make(Refusal::too_old_for_completions);
}

}  // namespace polymux
