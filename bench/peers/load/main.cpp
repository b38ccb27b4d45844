// The clients of a server under measurement: so many connections that each send a payload, wait for
// the whole answer, check it and send the next. Started by support/clients.cpp, in a process of its
// own; the same for every server.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/descriptors.hpp"
#include "support/run.hpp"

namespace bench {

Peer this_peer() {
  return {.name = "clients", .version = "", .workloads = {}};
}

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::map<std::string, std::uint64_t, std::less<>> values;

  std::uint64_t operator[](std::string_view name) const {
    const auto found = values.find(name);
    if (found == values.end()) give_up("no value for " + std::string(name));
    return found->second;
  }
};

Options parse(int argc, char** argv) {
  Options options;
  for (int index = 1; index < argc; ++index) {
    const std::string_view word(argv[index]);
    const auto equals = std::min(word.find('='), word.size() - 1);
    std::uint64_t value = 0;
    const auto end = word.data() + word.size();
    if (std::from_chars(word.data() + equals + 1, end, value).ptr != end) {
      give_up("'" + std::string(word) + "' is no NAME=NUMBER");
    }
    options.values.emplace(word.substr(0, equals), value);
  }
  return options;
}

struct Connection {
  int fd = -1;
  std::size_t sent = 0;
  std::size_t received = 0;
  std::uint64_t requests_left = 0;
  bool waits_to_write = false;
  Clock::time_point asked_at;
};

class Clients {
 public:
  explicit Clients(const Options& options)
      : options_(options),
        port_(static_cast<std::uint16_t>(options["port"])),
        churns_(options["churn"] != 0),
        question_(std::max<std::size_t>(options["payload"], 1)),
        expected_(question_.size()),
        busy_(std::max<std::size_t>(options["busy"], 1)),
        idle_(options["idle"]) {
    for (std::size_t index = 0; index < question_.size(); ++index) {
      question_[index] = static_cast<char>('a' + index % 26);
      expected_[index] = static_cast<char>('A' + index % 26);
    }
    allow_descriptors(busy_.size() + idle_);
    queue_ = ::epoll_create1(EPOLL_CLOEXEC);
    require(queue_ >= 0, "epoll_create1");
  }

  void run() {
    const bool is_from_start = options_["from_start"] != 0;
    if (is_from_start) tell_begin();
    auto start = Clock::now();
    const auto idle = open_and_ask_once(idle_);
    open_all_busy();
    if (!is_from_start) {
      tell_begin();
      start = Clock::now();
    }
    const auto each = std::max<std::uint64_t>(options_["requests"] / busy_.size(), 1);
    const auto requests = each * busy_.size();
    latencies_.reserve(requests);
    for (auto& connection : busy_) {
      connection.requests_left = each;
      ask(connection);
    }
    // Each answer begins the next question, or is the last of its connection.
    busy_left_ = busy_.size();
    while (busy_left_ > 0) turn();
    tell_end(is_from_start ? idle.size() : requests, Clock::now() - start);
  }

 private:
  int connect_one() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    require(::connect(fd, generic, sizeof address) == 0, "connect");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A reset instead of TIME_WAIT, or the ports would run out.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
  }

  // All are connected and answered once. So many at a time: as many as a listener keeps waiting,
  // and few enough waits of a server whose waits grow with its connections.
  std::vector<int> open_and_ask_once(std::size_t count) const {
    constexpr std::size_t at_a_time = 512;
    std::vector<int> all;
    while (all.size() < count) {
      const auto first = all.size();
      const auto last = std::min(count, first + at_a_time);
      for (auto index = first; index < last; ++index) all.push_back(connect_one());
      for (auto index = first; index < last; ++index) {
        require(::send(all[index], "a", 1, MSG_NOSIGNAL) == 1, "send");
      }
      for (auto index = first; index < last; ++index) {
        char byte = 0;
        require(::recv(all[index], &byte, 1, 0) == 1 && byte == 'A', "a client was not answered");
      }
    }
    return all;
  }

  void open_busy(Connection& connection, int fd) const {
    connection.fd = fd;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    require(::epoll_ctl(queue_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  }

  void open_all_busy() {
    const auto answered = open_and_ask_once(churns_ ? 0 : busy_.size());
    for (std::size_t index = 0; index < busy_.size(); ++index) {
      open_busy(busy_[index], churns_ ? connect_one() : answered[index]);
    }
  }

  void signal_server(int number) const { require(::kill(server(), number) == 0, "kill"); }

  void tell_begin() const {
    char go = 0;
    signal_server(SIGUSR1);
    require(::read(static_cast<int>(options_["reads"]), &go, 1) == 1, "the server has ended");
  }

  void ask(Connection& connection) {
    connection.sent = connection.received = 0;
    connection.asked_at = Clock::now();
    send_more(connection);
  }

  void send_more(Connection& connection) {
    const auto count = ::send(connection.fd, &question_[connection.sent],
                              question_.size() - connection.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    require(count >= 0 || errno == EAGAIN, "send");
    if (count > 0) connection.sent += static_cast<std::size_t>(count);
    const bool has_to_wait = connection.sent < question_.size();
    if (has_to_wait == connection.waits_to_write) return;
    connection.waits_to_write = has_to_wait;
    epoll_event event{};
    event.events = EPOLLIN | (has_to_wait ? EPOLLOUT : 0U);
    event.data.ptr = &connection;
    require(::epoll_ctl(queue_, EPOLL_CTL_MOD, connection.fd, &event) == 0, "epoll_ctl");
  }

  void turn() {
    epoll_event events[256];
    constexpr int longest = 30'000;
    const int count = ::epoll_wait(queue_, events, static_cast<int>(std::size(events)), longest);
    if (count < 0 && errno == EINTR) return;
    require(count > 0, "no answer within 30 seconds");
    for (int index = 0; index < count; ++index) {
      auto& connection = *static_cast<Connection*>(events[index].data.ptr);
      if ((events[index].events & EPOLLOUT) != 0) send_more(connection);
      if ((events[index].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive(connection);
    }
  }

  void receive(Connection& connection) {
    const auto count = ::recv(connection.fd, scratch_, sizeof scratch_, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    require(count > 0, "an answer has ended early");
    const auto size = static_cast<std::size_t>(count);
    require(connection.received + size <= expected_.size() &&
                std::memcmp(scratch_, &expected_[connection.received], size) == 0,
            "an answer is wrong");
    connection.received += size;
    if (connection.received < expected_.size()) return;
    answered(connection);
  }

  void answered(Connection& connection) {
    const std::chrono::duration<double, std::micro> took = Clock::now() - connection.asked_at;
    latencies_.push_back(static_cast<float>(took.count()));
    const bool is_last = --connection.requests_left == 0;
    if (churns_) {
      ::close(connection.fd);
      if (!is_last) open_busy(connection, connect_one());
    }
    if (is_last) {
      --busy_left_;
    } else {
      ask(connection);
    }
  }

  void tell_end(std::uint64_t units, Clock::duration took) {
    std::string text = "units " + std::to_string(units) + "\nseconds " +
                       std::to_string(std::chrono::duration<double>(took).count()) + '\n';
    std::sort(latencies_.begin(), latencies_.end());
    for (const double permille : {1.0, 10.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0,
                                  800.0, 900.0, 950.0, 980.0, 990.0, 995.0, 998.0, 999.0, 1000.0}) {
      const auto last = static_cast<double>(latencies_.size() - 1);
      const auto at = static_cast<std::size_t>(last * permille / 1000);
      char line[64];
      std::snprintf(line, sizeof line, "latency_us_p%g %.3f\n", permille / 10,
                    static_cast<double>(latencies_[at]));
      text += line;
    }
    const auto pipe = static_cast<int>(options_["writes"]);
    require(::write(pipe, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
    ::close(pipe);
    signal_server(SIGUSR2);
    // The connections stay open until the server has read its figures, and ended.
    char nothing = 0;
    static_cast<void>(!::read(static_cast<int>(options_["reads"]), &nothing, 1));
  }

  pid_t server() const { return static_cast<pid_t>(options_["server"]); }

  const Options& options_;
  std::uint16_t port_;
  bool churns_;
  std::vector<char> question_;
  std::vector<char> expected_;
  std::vector<Connection> busy_;
  std::size_t idle_;
  std::size_t busy_left_ = 0;
  int queue_ = -1;
  std::vector<float> latencies_;
  char scratch_[64 * 1024]{};
};

}  // namespace
}  // namespace bench

// Not the program of a peer: its parameters come from one.
int main(int argc, char** argv) {
  const auto options = bench::parse(argc, argv);
  static bench::Clients clients(options);
  clients.run();
  return 0;
}
