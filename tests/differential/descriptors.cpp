#include "tests/differential/descriptors.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "tests/support/clocks.hpp"

namespace polymux::differential {
namespace {

constexpr std::size_t block_size = std::size_t{64} * 1024;

// Small, so that filling a connection takes few calls.
constexpr int tcp_buffer = 16 * 1024;

int check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::system_category(), what);
  return result;
}

void set_flags(int fd) {
  check(::fcntl(fd, F_SETFL, check(::fcntl(fd, F_GETFL), "F_GETFL") | O_NONBLOCK), "F_SETFL");
  check(::fcntl(fd, F_SETFD, FD_CLOEXEC), "F_SETFD");
}

test::Fd open_tcp() {
  test::Fd fd(check(::socket(AF_INET, SOCK_STREAM, 0), "socket"));
  set_flags(fd.get());
  const int one = 1;
  check(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
  for (const int option : {SO_SNDBUF, SO_RCVBUF}) {
    check(::setsockopt(fd.get(), SOL_SOCKET, option, &tcp_buffer, sizeof tcp_buffer), "SO_*BUF");
  }
  return fd;
}

// What accept(2) gives inherits the buffers.
test::Fd open_listener() {
  auto fd = open_tcp();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  check(::listen(fd.get(), 64), "listen");
  return fd;
}

Descriptors::Ends open_tcp_pair() {
  static const test::Fd listener = open_listener();
  auto far = Descriptors::connect(listener.get());
  return {Descriptors::accept(listener.get()), std::move(far)};
}

test::Fifo& fifo_of(int channel) {
  static std::array<test::Fifo, channels> fifos;
  return fifos.at(static_cast<std::size_t>(channel));
}

Descriptors::Ends take(test::Pair pair) {
  return {std::move(pair.near), std::move(pair.far)};
}

Descriptors::Ends open_fifo(int channel) {
  auto reader = Descriptors::open_reader(channel);
  return {std::move(reader), Descriptors::open_writer(channel)};
}

// Waits until there is something to read, with a bound that only a failure reaches.
bool await_bytes(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(test::bound().count())) == 1;
}

}  // namespace

Descriptors::Ends Descriptors::open(int channel, Kind kind) {
  switch (kind) {
    case Kind::socket_pair:
      return take(test::socket_pair());
    case Kind::pipe: {
      auto pipe = test::open_pipe();
      return {std::move(pipe.reader), std::move(pipe.writer)};
    }
    case Kind::fifo:
      return open_fifo(channel);
    case Kind::udp:
      return take(test::udp_pair());
    case Kind::tcp:
      return open_tcp_pair();
    case Kind::terminal:
      return take(test::open_pty());
    case Kind::listener:
      return {open_listener(), {}};
    case Kind::refused: {
      static const test::RefusingPort port;
      return {port.begin_connect(), {}};
    }
    case Kind::regular_file: {
      static const test::TemporaryDirectory directory;
      return {test::open_file(directory.path() + "/file", O_RDWR | O_CREAT), {}};
    }
    case Kind::null_device:
      return {test::open_file("/dev/null", O_RDONLY), {}};
  }
  return {};
}

test::Fd Descriptors::open_reader(int channel) {
  return fifo_of(channel).open_reader();
}

test::Fd Descriptors::open_writer(int channel) {
  return fifo_of(channel).open_writer();
}

test::Fd Descriptors::connect(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  auto fd = open_tcp();
  const int failed = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size);
  if (failed != 0 && errno != EINPROGRESS) check(failed, "connect");
  return fd;
}

test::Fd Descriptors::accept(int listener) {
  if (!await_bytes(listener)) throw std::runtime_error("no connection to accept");
  test::Fd fd(check(::accept(listener, nullptr, nullptr), "accept"));
  set_flags(fd.get());
  return fd;
}

std::size_t Descriptors::write(int fd, std::size_t bytes) {
  static const std::string block(block_size, 'x');
  errno = 0;
  const auto sent = ::write(fd, block.data(), std::min(bytes, block.size()));
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::size_t Descriptors::fill(int fd, Kind kind) {
  // A datagram that finds no room at the receiver is dropped, so there is no end to sending.
  if (kind == Kind::udp) return 0;
  std::size_t total = 0;
  for (std::size_t size = block_size; size > 0;) {
    const auto sent = write(fd, size);
    total += sent;
    if (sent == 0 && errno != EAGAIN) return total;
    if (sent < size) size /= 2;
  }
  return total;
}

std::size_t Descriptors::read(int fd, std::size_t bytes, Kind kind) {
  std::array<char, block_size> block;
  // A read that meets the end of the stream leaves errno alone.
  errno = 0;
  const auto got = ::read(fd, block.data(), std::min(bytes, block.size()));
  if (kind == Kind::udp) return got < 0 ? 0 : 1;
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

std::size_t Descriptors::drain(int fd, std::size_t expected, Kind kind) {
  std::size_t total = 0;
  // Once at least: an end or an error is met even where nothing was sent.
  do {
    const auto got =
        read(fd, kind == Kind::udp || expected == 0 ? block_size : expected - total, kind);
    total += got;
    if (got > 0) continue;
    // An end or an error that comes instead of bytes: there will be no more.
    const bool is_late = errno == EAGAIN && expected > 0;
    if (!is_late || !await_bytes(fd)) break;
  } while (total < expected);
  return total;
}

bool Descriptors::half_close(int fd) {
  return ::shutdown(fd, SHUT_WR) == 0;
}

bool Descriptors::send_urgent(int fd) {
  return ::send(fd, "!", 1, MSG_OOB) == 1;
}

bool Descriptors::take_urgent(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_OOB) == 1;
}

void Descriptors::reset_on_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  check(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "SO_LINGER");
}

bool Descriptors::is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace polymux::differential
