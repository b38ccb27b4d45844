// For systems without pipe2 (macOS): between pipe and fcntl a fork in another thread copies the
// ends, and nothing can be done about it.

#include <unistd.h>

#include <array>

#include "platform/descriptors.hpp"
#include "platform/system_error.hpp"

namespace polymux {

std::error_code open_pipe(UniqueFd& read_end, UniqueFd& write_end) noexcept {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return last_error();
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  for (const int fd : ends) {
    if (const auto error = set_close_on_exec(fd)) return error;
    if (const auto error = set_nonblocking(fd)) return error;
  }
  read_end = std::move(reader);
  write_end = std::move(writer);
  return {};
}

}  // namespace polymux
