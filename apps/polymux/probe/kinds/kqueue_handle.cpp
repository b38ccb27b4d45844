#include <poll.h>
#include <sys/types.h>
//
#include <sys/event.h>
#include <unistd.h>

#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"

namespace probe {
namespace {

// With the read end of a pipe in it; the write end is the far one.
Subject queue_with_member() {
  int ends[2] = {-1, -1};
  check(::pipe(ends), "pipe");
  Descriptor reader(ends[0]);
  Descriptor writer(ends[1]);
  Subject subject(Descriptor(::kqueue()), std::move(writer));
  check(subject.near(), "kqueue");
  struct kevent change {};
  change.ident = static_cast<decltype(change.ident)>(reader.get());
  change.filter = EVFILT_READ;
  change.flags = EV_ADD;
  check(::kevent(subject.near(), &change, 1, nullptr, 0, nullptr), "kevent");
  subject.keep(std::move(reader));
  return subject;
}

void member_becomes_ready(Subject& subject) {
  check(static_cast<int>(::write(subject.far(), "x", 1)), "write");
  await(subject.near(), POLLIN);
}

constexpr Case cases[] = {{"idle", queue_with_member},
                          {"data", queue_with_member, member_becomes_ready}};

}  // namespace

extern const Making kqueue_handle_making;
const Making kqueue_handle_making{cases};

}  // namespace probe
