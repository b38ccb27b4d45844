#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "platform/endpoint.hpp"
#include "platform/socket_address.hpp"
#include "platform/socket_io.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// Two connected stream sockets; `near` is the one under test.
struct SocketPair {
  SocketPair() {
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    near.reset(ends[0]);
    far.reset(ends[1]);
    for (const int end : ends) EXPECT_FALSE(prepare_to_send(end));
  }

  UniqueFd near;
  UniqueFd far;
};

/// A client of `address`, blocking; the connection is made, accepted or not.
inline UniqueFd connect_to(std::string_view address) {
  const auto resolved = resolve(parse_endpoint(address).endpoint);
  EXPECT_FALSE(resolved.addresses.empty()) << resolved.message;
  if (resolved.addresses.empty()) return {};
  const auto& target = resolved.addresses.front();
  UniqueFd client(::socket(target.family(), SOCK_STREAM, 0));
  EXPECT_FALSE(prepare_to_send(client.get()));
  EXPECT_EQ(::connect(client.get(), target.get(), target.length()), 0) << address;
  return client;
}

inline bool has_flag(int fd, int command, int flag) {
  return (::fcntl(fd, command) & flag) != 0;
}

/// Sends what fits and returns how much did: nothing also if the peer has gone.
inline std::size_t send_some(int fd, std::string_view text) {
  return polymux::send(fd, text).count;
}

inline void write_text(int fd, std::string_view text) {
  EXPECT_EQ(send_some(fd, text), text.size());
}

/// What is there to be read at this moment.
inline std::string read_now(int fd) {
  // Made once: ThreadSanitizer takes its time for so much new memory.
  static thread_local std::vector<char> room(1 << 20);
  const auto count = ::recv(fd, room.data(), room.size(), MSG_DONTWAIT);
  return {room.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

/// True if the peer has closed, in peace or by a reset, and nothing is left to read.
inline bool is_ended(int fd) {
  pollfd look{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&look, 1, 0) != 1) return false;
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0;
}

/// Lets the process open no number from `limit` on, until it is destroyed.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int limit) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    auto lowered = before_;
    lowered.rlim_cur = static_cast<rlim_t>(limit);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
};

/// The number that the next descriptor would get.
inline int next_number() {
  return UniqueFd(::dup(STDIN_FILENO)).get();
}

/// A folder that is removed with what is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    ::unlink(file().c_str());
    ::rmdir(path_.c_str());
  }

  /// The one name that may be used.
  [[nodiscard]] std::string file() const { return path_ + "/socket"; }

 private:
  // Not TMPDIR, which may be too long for sun_path.
  std::string path_ = "/tmp/polymux-unit-XXXXXX";
};

}  // namespace polymux
