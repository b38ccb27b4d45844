#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"

namespace probe {
namespace {

Subject counter() {
  return Subject(taken(::eventfd(0, 0), "eventfd"));
}

void add(Subject& subject, std::uint64_t count) {
  check(static_cast<int>(::write(subject.near(), &count, sizeof count)), "write");
}

void count_one(Subject& subject) {
  add(subject, 1);
}
// The greatest that it holds (eventfd(2)).
void count_all(Subject& subject) {
  add(subject, UINT64_MAX - 1);
}

constexpr Case cases[] = {
    {"idle", counter}, {"data", counter, count_one}, {"full", counter, count_all}};

}  // namespace

extern const Making eventfd_making;
const Making eventfd_making{cases};

}  // namespace probe
