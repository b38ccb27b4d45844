#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "platform/descriptors.hpp"
#include "platform/system_error.hpp"

namespace polymux {

std::error_code open_pipe(UniqueFd& read_end, UniqueFd& write_end) noexcept {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return last_error();
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  return {};
}

}  // namespace polymux
