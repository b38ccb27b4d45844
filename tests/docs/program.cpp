// The program of pages that show how one is built and not what it does.
#include <iostream>

#include <polymux/polymux.hpp>

int main() {
  const auto opened = polymux::open_poller();
  std::cout << opened.backend << '\n';
  return opened ? 0 : 1;
}
