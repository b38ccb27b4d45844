#include "console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>

namespace console {

void prepare() noexcept {
  // Opened for reading alone: what is written there fails, as it does on what was closed.
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDONLY);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
  std::signal(SIGPIPE, SIG_IGN);
}

void complain(std::string_view message) noexcept {
  try {
    auto line = "polymux: " + std::string(message);
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    line += '\n';
    // Where it goes is all that could be told of a failure.
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
  } catch (const std::bad_alloc&) {
    static_cast<void>(std::fputs("polymux: out of memory\n", stderr));
  }
}

int print(std::string_view text) noexcept {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (is_written && std::fflush(stdout) == 0) return success;
  const auto error = errno;
  complain("cannot write to stdout: " + std::generic_category().message(error));
  return failure;
}

}  // namespace console
