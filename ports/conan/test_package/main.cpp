#include <cstdio>

#include <polymux/polymux.hpp>

int main() {
  const auto opened = polymux::open_poller();
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.message.c_str());
    return 1;
  }
  std::printf("polymux %s, %s\n", POLYMUX_VERSION_STRING, opened.backend.c_str());
  return 0;
}
