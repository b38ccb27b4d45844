// What a newcomer writes first, against an installed polymux.
#include <array>
#include <chrono>
#include <cstdio>
#include <span>

#include <unistd.h>

#include <polymux/polymux.hpp>

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
  const auto opened = polymux::open_poller();
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.message.c_str());
    return 1;
  }
  if (!sees_a_byte(*opened.poller)) return 1;
  std::printf("consumer: %s\n", opened.backend.c_str());
  return 0;
}
