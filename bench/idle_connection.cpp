// What an idle connection costs the server in user-space memory, all told: its object, its
// registration and its share of tables and lists, with idle time-out and counters on.
//
// usage: idle_connection [CONNECTIONS [BACKEND]]
//
// The clients live in a process of their own, so that a limit of descriptors counts for one end.
// Each has been answered once before it falls idle. Exits 1 if a connection costs more than 160
// bytes of heap.

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <polymux/polymux.hpp>
#include <string>

namespace {

constexpr std::size_t most_bytes = 160;
constexpr std::size_t default_connections = 10'000;
// For the poller, the listener and what every process has open.
constexpr std::size_t other_descriptors = 64;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "idle_connection: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(2);
}

std::size_t heap_in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// As many as are wanted and this process may open.
std::size_t allow_descriptors(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) give_up("getrlimit");
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted + other_descriptors);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) give_up("setrlimit");
  return static_cast<std::size_t>(limit.rlim_cur) - other_descriptors;
}

void connect_and_ask(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  if (client < 0) give_up("socket");
  if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up("connect");
  }
  char byte = 'a';
  if (::write(client, &byte, 1) != 1 || ::read(client, &byte, 1) != 1 || byte != 'A') {
    give_up("a client was not answered");
  }
}

/// A process that opens connections, and holds them until it is told to end.
class Clients {
 public:
  explicit Clients(std::size_t count) {
    if (::pipe(orders_.data()) != 0) give_up("pipe");
    child_ = ::fork();
    if (child_ < 0) give_up("fork");
    if (child_ == 0) live(count);
    ::close(orders_[0]);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients() {
    ::close(orders_[1]);
    ::waitpid(child_, nullptr, 0);
  }

  void connect_to(std::uint16_t port) const {
    if (::write(orders_[1], &port, sizeof port) != sizeof port) give_up("write");
  }

  [[nodiscard]] bool has_ended() const { return ::waitpid(child_, nullptr, WNOHANG) == child_; }

 private:
  [[noreturn]] void live(std::size_t count) const {
    ::close(orders_[1]);
    std::uint16_t port = 0;
    if (::read(orders_[0], &port, sizeof port) != sizeof port) ::_exit(1);
    for (std::size_t index = 0; index < count; ++index) connect_and_ask(port);
    // Until the other end is closed.
    static_cast<void>(!::read(orders_[0], &port, sizeof port));
    ::_exit(0);
  }

  std::array<int, 2> orders_{};
  pid_t child_ = -1;
};

// The heap that `count` idle connections take.
std::size_t measure(polymux::OpenResult opened, const Clients& clients, std::size_t count) {
  polymux::EventLoop loop(std::move(opened.poller));
  polymux::ToupperService service;
  polymux::ConnectionManager manager(loop, service);
  const auto listening = manager.listen("127.0.0.1:0");
  if (!listening) give_up(listening.message);
  const auto& address = listening.addresses.front();
  const auto port = std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 10);

  const auto before = heap_in_use();
  clients.connect_to(static_cast<std::uint16_t>(port));
  while (manager.counters().bytes_out < count) {
    if (loop.run_once(std::chrono::seconds(1))) give_up("the loop has failed");
    if (clients.has_ended()) give_up("the clients have ended early");
  }
  return heap_in_use() - before;
}

}  // namespace

int main(int argc, char** argv) {
  const auto wanted = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : default_connections;
  const auto count = allow_descriptors(wanted);
  // Before there is anything that a fork would copy.
  const Clients clients(count);
  auto opened = argc > 2 ? polymux::open_poller(std::string_view(argv[2])) : polymux::open_poller();
  if (!opened || count == 0) give_up(opened.message);
  const auto backend = opened.backend;

  const auto bytes = measure(std::move(opened), clients, count);

  const double each = static_cast<double>(bytes) / static_cast<double>(count);
  const bool is_small = each <= static_cast<double>(most_bytes);
  std::printf("%zu idle connections on %s: %.1f bytes of heap each (at most %zu: %s)\n", count,
              backend.c_str(), each, most_bytes, is_small ? "pass" : "falls short");
  return is_small ? 0 : 1;
}
