#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"

namespace probe {
namespace {

// With the read end of a pipe in it; the write end is the far one.
Subject set_with_member() {
  int ends[2] = {-1, -1};
  check(::pipe(ends), "pipe");
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  Subject subject(Descriptor(::epoll_create1(EPOLL_CLOEXEC)), std::move(writer));
  check(subject.near(), "epoll_create1");
  epoll_event event{};
  event.events = EPOLLIN;
  check(::epoll_ctl(subject.near(), EPOLL_CTL_ADD, reader.get(), &event), "epoll_ctl");
  subject.keep(std::move(reader));
  return subject;
}

void member_becomes_ready(Subject& subject) {
  check(static_cast<int>(::write(subject.far(), "x", 1)), "write");
  await(subject.near(), POLLIN);
}

constexpr Case cases[] = {{"idle", set_with_member},
                          {"data", set_with_member, member_becomes_ready}};

}  // namespace

extern const Making epoll_handle_making;
const Making epoll_handle_making{cases};

}  // namespace probe
