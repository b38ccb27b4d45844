#include "tests/support/descriptors.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tests/support/clocks.hpp"

namespace polymux::test {
namespace {

template <class Result>
Result check(Result result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::system_category(), what);
  return result;
}

void set_flags(int fd) {
  check(::fcntl(fd, F_SETFL, check(::fcntl(fd, F_GETFL), "F_GETFL") | O_NONBLOCK), "F_SETFL");
  check(::fcntl(fd, F_SETFD, FD_CLOEXEC), "F_SETFD");
}

Fd open_socket(int type) {
  Fd fd(check(::socket(AF_INET, type, 0), "socket"));
  set_flags(fd.get());
  return fd;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t bind_to_any_port(const Fd& fd) {
  auto address = loopback(0);
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  socklen_t size = sizeof address;
  check(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

Pair local_pair(int type) {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, type, 0, ends.data()), "socketpair");
  Pair pair{Fd(ends[0]), Fd(ends[1])};
  for (const int fd : ends) set_flags(fd);
  return pair;
}

void connect_to(const Fd& fd, std::uint16_t port) {
  const auto address = loopback(port);
  const int failed =
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // A refusal may be known at once; then it is still told through the descriptor's readiness.
  if (failed != 0 && errno != EINPROGRESS) check(failed, "connect");
}

}  // namespace

void Fd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old >= 0 && old != fd) ::close(old);
}

Fd tcp_socket() {
  return open_socket(SOCK_STREAM);
}

Listener::Listener(int backlog) : fd_(open_socket(SOCK_STREAM)), port_(bind_to_any_port(fd_)) {
  check(::listen(fd_.get(), backlog), "listen");
}

Fd Listener::begin_connect() const {
  auto fd = open_socket(SOCK_STREAM);
  connect_to(fd, port_);
  return fd;
}

void Listener::begin_connect(const Fd& socket) const {
  connect_to(socket, port_);
}

Fd Listener::accept() const {
  if (!is_ready_for(fd_, POLLIN)) throw std::runtime_error("no connection to accept");
  Fd fd(check(::accept(fd_.get(), nullptr, nullptr), "accept"));
  set_flags(fd.get());
  return fd;
}

RefusingPort::RefusingPort() : fd_(open_socket(SOCK_STREAM)), port_(bind_to_any_port(fd_)) {}

Fd RefusingPort::begin_connect() const {
  auto fd = open_socket(SOCK_STREAM);
  connect_to(fd, port_);
  return fd;
}

Pair connected_pair() {
  const Listener listener;
  auto near = listener.begin_connect();
  auto far = listener.accept();
  return {std::move(near), std::move(far)};
}

Pair socket_pair() {
  return local_pair(SOCK_STREAM);
}

Pair datagram_pair() {
  return local_pair(SOCK_DGRAM);
}

Pipe open_pipe() {
  std::array<int, 2> ends{};
  check(::pipe(ends.data()), "pipe");
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  for (const int fd : ends) set_flags(fd);
  return pipe;
}

Pair udp_pair() {
  Pair pair{open_socket(SOCK_DGRAM), open_socket(SOCK_DGRAM)};
  const auto near_port = bind_to_any_port(pair.near);
  const auto far_port = bind_to_any_port(pair.far);
  connect_to(pair.near, far_port);
  connect_to(pair.far, near_port);
  return pair;
}

DeadUdp udp_to_nobody() {
  DeadUdp udp{open_socket(SOCK_DGRAM), open_socket(SOCK_DGRAM)};
  const auto socket_port = bind_to_any_port(udp.socket);
  const auto guard_port = bind_to_any_port(udp.guard);
  // The guard has the port and takes datagrams from itself alone: all others find nobody.
  connect_to(udp.guard, guard_port);
  connect_to(udp.socket, guard_port);
  static_cast<void>(socket_port);
  return udp;
}

std::string name_of_terminal(const Fd& master) {
  return ::ptsname(master.get());
}

Pair open_pty() {
  Pair pty;
  pty.far.reset(check(::posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt"));
  check(::grantpt(pty.far.get()), "grantpt");
  check(::unlockpt(pty.far.get()), "unlockpt");
  pty.near.reset(check(::open(::ptsname(pty.far.get()), O_RDWR | O_NOCTTY), "open"));
  termios mode{};
  check(::tcgetattr(pty.near.get(), &mode), "tcgetattr");
  ::cfmakeraw(&mode);
  check(::tcsetattr(pty.near.get(), TCSANOW, &mode), "tcsetattr");
  set_flags(pty.near.get());
  set_flags(pty.far.get());
  return pty;
}

TemporaryDirectory::TemporaryDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "polymux-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) check(-1, "mkdtemp");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Fifo::Fifo() : path_(directory_.path() + "/fifo") {
  check(::mkfifo(path_.c_str(), 0600), "mkfifo");
}

Fd Fifo::open_reader() const {
  return Fd(check(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open reader"));
}

Fd Fifo::open_writer() const {
  return Fd(check(::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), "open writer"));
}

Fd open_file(const std::string& path, int flags) {
  return Fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

Fd duplicate(const Fd& fd) {
  return Fd(check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "F_DUPFD"));
}

Fd duplicate_at(const Fd& fd, int least) {
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, least));
}

Fd duplicate_to(const Fd& fd, int number) {
  check(::dup2(fd.get(), number), "dup2");
  Fd copy(number);
  check(::fcntl(number, F_SETFD, FD_CLOEXEC), "F_SETFD");
  return copy;
}

int closed_number() {
  return open_pipe().reader.get();
}

void send(const Fd& fd, std::string_view bytes) {
  const auto sent = check(::write(fd.get(), bytes.data(), bytes.size()), "write");
  if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("short write");
}

std::size_t fill(const Fd& fd) {
  static const std::string block(std::size_t{64} * 1024, 'x');
  std::size_t total = 0;
  // A kernel that makes room meanwhile (TCP's buffers grow) gets less and less each round.
  for (std::size_t size = block.size(); size > 0;) {
    const auto sent = ::write(fd.get(), block.data(), size);
    if (sent > 0) {
      total += static_cast<std::size_t>(sent);
    } else if (sent < 0 && errno != EAGAIN) {
      check(sent, "write");
    } else {
      size /= 2;
    }
  }
  return total;
}

std::string drain(const Fd& fd) {
  std::string all;
  std::array<char, 65536> block;
  for (;;) {
    const auto got = ::read(fd.get(), block.data(), block.size());
    if (got <= 0) return all;
    all.append(block.data(), static_cast<std::size_t>(got));
  }
}

void send_urgent(const Fd& socket) {
  check(::send(socket.get(), "!", 1, MSG_OOB), "send MSG_OOB");
}

void reset_connection(Fd& socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  check(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "SO_LINGER");
  socket.reset();
}

void shut_down_writing(const Fd& socket) {
  check(::shutdown(socket.get(), SHUT_WR), "shutdown");
}

void shut_down_reading(const Fd& socket) {
  check(::shutdown(socket.get(), SHUT_RD), "shutdown");
}

int take_socket_error(const Fd& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  check(::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size), "SO_ERROR");
  return error;
}

bool is_ready_for(const Fd& fd, short bits) {
  pollfd entry{.fd = fd.get(), .events = bits, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(bound().count())) == 1 && (entry.revents & bits) != 0;
}

std::vector<int> open_numbers(int limit) {
  std::vector<int> open;
  for (int fd = 0; fd < limit; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open.push_back(fd);
  }
  return open;
}

DescriptorLimit::DescriptorLimit(int limit) {
  rlimit now{};
  check(::getrlimit(RLIMIT_NOFILE, &now), "getrlimit");
  before_ = now.rlim_cur;
  now.rlim_cur = static_cast<rlim_t>(limit);
  check(::setrlimit(RLIMIT_NOFILE, &now), "setrlimit");
}

DescriptorLimit::~DescriptorLimit() {
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  now.rlim_cur = static_cast<rlim_t>(before_);
  ::setrlimit(RLIMIT_NOFILE, &now);
}

ExhaustedDescriptors::ExhaustedDescriptors(int spare)
    : limit_(open_numbers(65536).back() + 1 + spare) {
  for (;;) {
    auto fd = open_file("/dev/null", O_RDONLY);
    if (!fd) break;
    taken_.push_back(std::move(fd));
  }
  for (int count = 0; count < spare; ++count) taken_.pop_back();
}

bool allow_descriptor(int number) {
  rlimit limit{};
  check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    check(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  }
  return static_cast<rlim_t>(number) < limit.rlim_cur;
}

}  // namespace polymux::test
