#include "tests/unit/model_kqueue.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <list>

#include "backends/kqueue/kevents.hpp"

namespace polymux {
namespace {

struct Filter {
  Kevent kevent;
  bool is_disabled = false;
  bool stands_in_line = false;
  /// An edge that was given, and what it told has held ever since.
  bool is_told = false;
};

// One is enough for a test.
struct Queue {
  std::list<Filter> filters;
  std::list<Filter*> line;
  bool is_triggered = false;
  int waits = 0;
};

Queue& queue() {
  static Queue all;
  return all;
}

bool holds(const Filter& filter) {
  const bool reads = filter_of(filter.kevent) == EVFILT_READ;
  pollfd entry{fd_of(filter.kevent), static_cast<short>(reads ? POLLIN : POLLOUT), 0};
  return ::poll(&entry, 1, 0) == 1;
}

// What a kernel does when something happens to the file.
void stand_in_line() {
  for (auto& filter : queue().filters) {
    const bool is_ready = holds(filter);
    filter.is_told = filter.is_told && is_ready;
    if (!is_ready || filter.is_told || filter.is_disabled || filter.stands_in_line) continue;
    filter.stands_in_line = true;
    queue().line.push_back(&filter);
  }
}

auto find(const Kevent& change) {
  return std::ranges::find_if(queue().filters, [&](const Filter& filter) {
    return fd_of(filter.kevent) == fd_of(change) && filter_of(filter.kevent) == filter_of(change);
  });
}

void leave(Filter& filter) {
  queue().line.remove(&filter);
  filter.stands_in_line = false;
}

// Gives what is first in line, and puts it where it belongs then.
bool give_first(Kevent& out) {
  auto& filter = *queue().line.front();
  leave(filter);
  if (filter.is_disabled || !holds(filter)) return false;
  out = filter.kevent;
  filter.is_told = has_flag(filter.kevent, EV_CLEAR);
  filter.is_disabled = has_flag(filter.kevent, EV_DISPATCH);
  if (!filter.is_told && !filter.is_disabled) {
    filter.stands_in_line = true;
    queue().line.push_back(&filter);
  }
  return true;
}

}  // namespace

int open_kqueue() noexcept {
  test::reset_kqueues();
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

// The tests only look.
int wait_for_kevents(int /*queue*/, std::span<Kevent> events,
                     const timespec* /*timeout*/) noexcept {
  ++queue().waits;
  stand_in_line();
  std::size_t count = 0;
  if (queue().is_triggered && !events.empty()) {
    queue().is_triggered = false;
    events[count++] = to_change(0, EVFILT_USER, 0);
  }
  for (auto left = queue().line.size(); left > 0 && count < events.size(); --left) {
    if (give_first(events[count])) ++count;
  }
  return static_cast<int>(count);
}

int apply_one(int /*queue*/, const Kevent& change) noexcept {
  auto known = find(change);
  if (known == queue().filters.end()) {
    if (!has_flag(change, EV_ADD)) return ENOENT;
    queue().filters.push_back({.kevent = change});
    known = std::prev(queue().filters.end());
  }
  if (has_flag(change, EV_DELETE)) {
    leave(*known);
    queue().filters.erase(known);
    return 0;
  }
  if (has_flag(change, EV_DISABLE)) known->is_disabled = true;
  if (has_flag(change, EV_ENABLE)) known->is_disabled = false;
  // A filter that holds when it is added stands in line at once.
  stand_in_line();
  return 0;
}

void apply(int queue, std::span<Kevent> changes) noexcept {
  for (auto& change : changes) change.data = apply_one(queue, change);
}

bool add_user_filter(int /*queue*/) noexcept {
  return true;
}
void trigger_user_filter(int /*queue*/) noexcept {
  queue().is_triggered = true;
}
bool is_user_filter(const Kevent& event) noexcept {
  return filter_of(event) == EVFILT_USER;
}

namespace test {

void reset_kqueues() {
  queue() = {};
}

int kqueue_waits() {
  return queue().waits;
}

}  // namespace test
}  // namespace polymux
