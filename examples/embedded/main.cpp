// A program that has a loop of its own, by poll(2), and serves TCP inside it by polymux.
//
// Commands on standard input: `status`, `quit`.

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <polymux/polymux.hpp>
#include <string>

namespace {

using namespace std::chrono_literals;

// The handle tells of descriptors, not of timers. Those of the server (time-outs of its clients)
// are in no hurry: the host looks after them so often.
constexpr int timers_every_ms = 100;

int fail(const std::string& why) {
  std::cerr << why << '\n';
  return EXIT_FAILURE;
}

/// The program itself, which knows nothing of polymux but how many clients there are.
class Host {
 public:
  explicit Host(const polymux::ConnectionManager& server) : server_(server) {}

  [[nodiscard]] bool has_quit() const { return has_quit_; }

  void read_commands() {
    std::array<char, 256> room{};
    const auto count = ::read(STDIN_FILENO, room.data(), room.size());
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) has_quit_ = true;
    if (count > 0) text_.append(room.data(), static_cast<std::size_t>(count));
    for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
      obey(text_.substr(0, end));
      text_.erase(0, end + 1);
    }
  }

 private:
  void obey(const std::string& command) {
    const auto& counters = server_.counters();
    if (command == "quit") {
      has_quit_ = true;
    } else if (command == "status") {
      std::cout << counters.active << " clients, " << counters.bytes_in << " bytes" << std::endl;
    } else {
      std::cout << "no command: " << command << std::endl;
    }
  }

  const polymux::ConnectionManager& server_;
  std::string text_;
  bool has_quit_ = false;
};

}  // namespace

int main() {
  // Not every multiplexer can be waited for by another one: this asks for one that can.
  auto opened = polymux::open_poller({.pollable_handle = true});
  if (!opened) return fail(opened.message);
  polymux::EventLoop loop(std::move(opened.poller));
  const auto handle = loop.poller().pollable_handle();
  if (!handle) return fail("no descriptor is free for the handle");

  polymux::ToupperService service;
  polymux::ConnectionManager server(loop, service);
  const auto listening = server.listen("127.0.0.1:0");
  if (!listening) return fail(listening.message);
  std::cout << "listening on " << listening.addresses.front() << std::endl;

  Host host(server);
  while (!host.has_quit()) {
    std::array<pollfd, 2> watched{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                  pollfd{.fd = *handle, .events = POLLIN, .revents = 0}};
    if (::poll(watched.data(), watched.size(), timers_every_ms) < 0 && errno != EINTR) {
      return fail("poll has failed");
    }
    if (watched[0].revents != 0) host.read_commands();
    // Looks and returns: what is ready, and which timers are due.
    if (const auto error = loop.run_once(0s)) return fail(error.message());
  }
  return EXIT_SUCCESS;
}
