#include "terminal_width.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace probe {

std::size_t terminal_width() noexcept {
  constexpr std::size_t of_a_page = 100;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return of_a_page;
  return size.ws_col;
}

}  // namespace probe
