#include "steps.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "apps/polymux/probe/poll_flags.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "making.hpp"

namespace probe {
namespace {

using namespace std::chrono_literals;

void write_byte(int fd) {
  if (::write(fd, "x", 1) != 1) throw SystemFailure("write");
}

// Whatever the near side is told of an end: poll(2) tells a hang-up unasked.
void await_end(const Subject& subject) {
  await(subject.near(), poll_read_closed());
}

// Takes what fits for now. Bounded, for a device that takes everything.
bool write_until_full(int fd) {
  constexpr char bytes[4096] = {};
  constexpr int most_writes = 1 << 14;
  for (int i = 0; i < most_writes; ++i) {
    if (::write(fd, bytes, sizeof bytes) >= 0) continue;
    if (errno == EAGAIN || errno == ENOBUFS) return true;
    throw SystemFailure("write");
  }
  return false;
}

// Room may still be made by what is under way.
void fill(Subject& subject, std::chrono::milliseconds patience) {
  constexpr int most_rounds = 16;
  for (int i = 0; i < most_rounds; ++i) {
    if (!write_until_full(subject.near())) break;
    if (!await(subject.near(), POLLOUT, patience)) return;
  }
  throw SystemFailure("write until it is full", EAGAIN);
}

}  // namespace

void far_writes(Subject& subject) {
  write_byte(subject.far());
  await(subject.near(), POLLIN);
}

void near_fills(Subject& subject) {
  fill(subject, 5ms);
}
// Acknowledgements are delayed by 40 ms at most (tcp(7), TCP_QUICKACK).
void near_fills_over_network(Subject& subject) {
  fill(subject, 50ms);
}

void far_closes(Subject& subject) {
  subject.close(subject.far());
  await(subject.near(), POLLIN);
}

void far_writes_and_closes(Subject& subject) {
  far_writes(subject);
  subject.close(subject.far());
  await_end(subject);
}

void near_begins_to_connect(Subject& subject) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::getsockname(subject.far(), generic, &size), "getsockname");
  if (::connect(subject.near(), generic, size) < 0 && errno != EINPROGRESS &&
      errno != ECONNREFUSED) {
    throw SystemFailure("connect");
  }
}

void near_connects_to_far(Subject& subject) {
  near_begins_to_connect(subject);
  await(subject.near(), POLLOUT);
}

void near_shuts_down_writing(Subject& subject) {
  check(::shutdown(subject.near(), SHUT_WR), "shutdown");
}

void near_shuts_down_reading(Subject& subject) {
  check(::shutdown(subject.near(), SHUT_RD), "shutdown");
}

void near_shuts_down(Subject& subject) {
  check(::shutdown(subject.near(), SHUT_RDWR), "shutdown");
}

void far_shuts_down_writing(Subject& subject) {
  check(::shutdown(subject.far(), SHUT_WR), "shutdown");
  await(subject.near(), POLLIN);
}

void far_writes_and_shuts_down(Subject& subject) {
  far_writes(subject);
  check(::shutdown(subject.far(), SHUT_WR), "shutdown");
  await_end(subject);
}

void both_shut_down_writing(Subject& subject) {
  near_shuts_down_writing(subject);
  await(subject.far(), POLLIN);
  far_shuts_down_writing(subject);
}

void far_sends_urgent_byte(Subject& subject) {
  if (::send(subject.far(), "!", 1, MSG_OOB) != 1) throw SystemFailure("send of MSG_OOB");
  await(subject.near(), POLLPRI);
}

void far_sends_nothing(Subject& subject) {
  if (::send(subject.far(), "", 0, 0) != 0) throw SystemFailure("send");
  await(subject.near(), POLLIN);
}

void near_is_closed(Subject& subject) {
  subject.close(subject.near());
}

void near_is_closed_with_duplicate(Subject& subject) {
  const int duplicate = subject.keep(taken(::dup(subject.near()), "dup"));
  subject.close(subject.near());
  write_byte(subject.far());
  await(duplicate, POLLIN);
}

void near_is_reused(Subject& subject) {
  int ends[2] = {-1, -1};
  check(::pipe(ends), "pipe");
  const Descriptor reader(ends[0]);
  write_byte(subject.keep(Descriptor(ends[1])));
  const int number = subject.near();
  subject.close(number);
  check(::dup2(reader.get(), number), "dup2");
  subject.keep(Descriptor(number));
}

}  // namespace probe
