#include <poll.h>
#include <sys/timerfd.h>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"

namespace probe {
namespace {

Subject timer() {
  return Subject(taken(::timerfd_create(CLOCK_MONOTONIC, 0), "timerfd_create"));
}

void expires(Subject& subject) {
  itimerspec soon{};
  soon.it_value.tv_nsec = 1;
  check(::timerfd_settime(subject.near(), 0, &soon, nullptr), "timerfd_settime");
  await(subject.near(), POLLIN);
}

constexpr Case cases[] = {{"idle", timer}, {"data", timer, expires}};

}  // namespace

extern const Making timerfd_making;
const Making timerfd_making{cases};

}  // namespace probe
