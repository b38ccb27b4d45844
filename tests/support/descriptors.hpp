#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polymux::test {

/// Owns a descriptor. Tests have one of their own, so that they need nothing but installed headers.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

/// Two ends that reach each other.
struct Pair {
  Fd near;
  Fd far;
};

struct Pipe {
  Fd reader;
  Fd writer;
};

// What follows is non-blocking and closed on exec. On failure it throws std::system_error, which
// fails the test that asked.

/// TCP on the loopback device.
[[nodiscard]] Pair connected_pair();
/// A pair of stream sockets without a name.
[[nodiscard]] Pair socket_pair();
/// As that, of datagrams.
[[nodiscard]] Pair datagram_pair();
[[nodiscard]] Pipe open_pipe();
/// UDP sockets on the loopback device, each connected to the other.
[[nodiscard]] Pair udp_pair();
/// A pseudo-terminal in raw mode: `near` is the terminal's side, `far` the master.
[[nodiscard]] Pair open_pty();
/// The name of the terminal's side.
[[nodiscard]] std::string name_of_terminal(const Fd& master);

/// A UDP socket connected to a port where nobody listens.
struct DeadUdp {
  Fd socket;
  /// Keeps the port from being given to another.
  Fd guard;
};
[[nodiscard]] DeadUdp udp_to_nobody();

/// A TCP socket that listens on the loopback device.
class Listener {
 public:
  explicit Listener(int backlog = 16);
  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  /// Begins to connect to it; the outcome may be known later.
  [[nodiscard]] Fd begin_connect() const;
  /// As that, with a socket that is there already.
  void begin_connect(const Fd& socket) const;
  [[nodiscard]] Fd accept() const;

 private:
  Fd fd_;
  std::uint16_t port_ = 0;
};

/// A TCP port that refuses connections for as long as this lives.
class RefusingPort {
 public:
  RefusingPort();
  [[nodiscard]] Fd begin_connect() const;

 private:
  Fd fd_;
  std::uint16_t port_ = 0;
};
[[nodiscard]] Fd tcp_socket();

/// A directory that goes away with what is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A FIFO with a name.
class Fifo {
 public:
  Fifo();
  [[nodiscard]] Fd open_reader() const;
  [[nodiscard]] Fd open_writer() const;

 private:
  TemporaryDirectory directory_;
  std::string path_;
};

/// Opens a file, close-on-exec; empty if that fails.
[[nodiscard]] Fd open_file(const std::string& path, int flags);
[[nodiscard]] Fd duplicate(const Fd& fd);
/// A duplicate whose number is `least` or greater; empty if the process may not have it.
[[nodiscard]] Fd duplicate_at(const Fd& fd, int least);
/// Makes `number` mean the file of `fd`, whatever it meant before: as if the number had been closed
/// and given away again.
[[nodiscard]] Fd duplicate_to(const Fd& fd, int number);
/// A number that is not open, though it was.
[[nodiscard]] int closed_number();

/// Writes all of it, which must fit.
void send(const Fd& fd, std::string_view bytes);
/// Writes until nothing more fits, and returns how much did.
std::size_t fill(const Fd& fd);
/// Reads until there is nothing more for now, and returns what came.
std::string drain(const Fd& fd);
/// Sends a byte of urgent data.
void send_urgent(const Fd& socket);
/// Ends a TCP connection by a reset.
void reset_connection(Fd& socket);
void shut_down_writing(const Fd& socket);
void shut_down_reading(const Fd& socket);
/// The pending error of a socket, which is taken by asking.
[[nodiscard]] int take_socket_error(const Fd& socket);

/// Waits, by poll(2) and with a bound, until the kernel says that one of `bits` holds. What is to
/// be silent is silent for a reason only once this has returned true.
[[nodiscard]] bool is_ready_for(const Fd& fd, short bits);

/// The numbers below `limit` that are open.
[[nodiscard]] std::vector<int> open_numbers(int limit = 2048);

/// Sets the soft limit of open descriptors, and restores it.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int limit);
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit();

 private:
  unsigned long long before_ = 0;
};

/// Leaves the process no descriptor to open but `spare`.
class ExhaustedDescriptors {
 public:
  explicit ExhaustedDescriptors(int spare = 0);

 private:
  DescriptorLimit limit_;
  std::vector<Fd> taken_;
};

/// Raises the soft limit of open descriptors to the hard one; true if `number` is then possible.
bool allow_descriptor(int number);

}  // namespace polymux::test
