// What a newcomer writes first, against an installed polymux.
#include <array>
#include <chrono>
#include <cstdio>
#include <span>

#include <unistd.h>

#include <polymux/polymux.hpp>

static_assert(POLYMUX_VERSION_NUMBER >= POLYMUX_MAKE_VERSION(0, 1, 0));

// Nothing of the insides is in the way of a header of the program's own.
#if __has_include(<polymux/poller/deadline.hpp>) || __has_include("core/poller/poller.hpp") || \
    __has_include("platform/unique_fd.hpp")
#error "private headers of polymux are in reach"
#endif

namespace {

bool sees_a_byte(polymux::Poller& poller) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return false;
  const polymux::Token token{7};
  if (poller.add(ends[0], token, polymux::Interest::read)) return false;
  if (write(ends[1], "x", 1) != 1) return false;

  std::array<polymux::Event, 4> events{};
  const auto result = poller.wait(events, std::chrono::seconds(5));
  return result.count == 1 && events[0].token == token &&
         contains(events[0].ready, polymux::Ready::readable);
}

}  // namespace

int main() {
  if (polymux::version() != POLYMUX_VERSION_STRING) {
    std::fprintf(stderr, "headers of %s, another library\n", POLYMUX_VERSION_STRING);
    return 1;
  }
  const auto opened = polymux::open_poller();
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.message.c_str());
    return 1;
  }
  if (!sees_a_byte(*opened.poller)) return 1;
  std::printf("consumer: %s\n", opened.backend.c_str());
  return 0;
}
