#include <sys/types.h>
//
#include <sys/event.h>

#include <cerrno>
#include <iterator>

#include "apps/polymux/probe/descriptor.hpp"
#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

using Event = struct kevent;

struct Filter {
  int filter;
  unsigned filter_flags;
  const char* name;
};

constexpr Filter filters[] = {
    {EVFILT_READ, 0, "READ"},
    {EVFILT_WRITE, 0, "WRITE"},
// macOS, OpenBSD and DragonFly have it for urgent data.
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
    {EVFILT_EXCEPT, NOTE_OOB, "EXCEPT"},
#endif
};

// The fields have other types on each system (kqueue(2)).
Event to_change(int fd, const Filter& filter, unsigned trigger) {
  Event change{};
  change.ident = static_cast<decltype(change.ident)>(fd);
  change.filter = static_cast<decltype(change.filter)>(filter.filter);
  change.flags = static_cast<decltype(change.flags)>(EV_ADD | trigger);
  change.fflags = static_cast<decltype(change.fflags)>(filter.filter_flags);
  return change;
}

const char* name_of(const Event& event) {
  for (const auto& filter : filters) {
    if (filter.filter == static_cast<int>(event.filter)) return filter.name;
  }
  return "?";
}

// READ+EOF, and READ+EOF+ECONNRESET where fflags has the error of a socket.
std::string describe(const Event& event) {
  std::string text = name_of(event);
  const auto flags = static_cast<unsigned>(event.flags);
  if ((flags & EV_ERROR) != 0) return text + "+" + error_name(static_cast<int>(event.data));
  if ((flags & EV_EOF) == 0) return text;
  text += "+EOF";
  if (event.fflags != 0) text += "+" + error_name(static_cast<int>(event.fflags));
  return text;
}

class KqueueSession final : public Session {
 public:
  explicit KqueueSession(unsigned trigger) : trigger_(trigger), queue_(::kqueue()) {
    if (queue_.get() < 0) throw SystemFailure("kqueue");
  }

  // One call for each filter: several in one stop at the first that fails.
  void watch(int fd, Interest interest) override {
    int error = 0;
    bool is_watched = false;
    for (const auto& filter : filters) {
      if (interest == Interest::read && filter.filter != EVFILT_READ) continue;
      const Event change = to_change(fd, filter, trigger_);
      if (::kevent(queue_.get(), &change, 1, nullptr, 0, nullptr) == 0) {
        is_watched = true;
        continue;
      }
      if (error == 0) error = errno;
      refused_.push_back(std::string(filter.name) + ": " + error_name(errno));
    }
    if (!is_watched) throw Refusal("kevent", error);
  }

  Flags look(std::chrono::milliseconds patience) override {
    Event events[std::size(filters)] = {};
    const auto timeout = to_timespec(patience);
    const int count = uninterrupted(
        [&] { return ::kevent(queue_.get(), nullptr, 0, events, std::size(events), &timeout); });
    if (count < 0) throw SystemFailure("kevent");
    Flags flags;
    for (int i = 0; i < count; ++i) flags.push_back(describe(events[i]));
    return flags;
  }

  Flags refused_in_part() const override { return refused_; }

 private:
  unsigned trigger_;
  Descriptor queue_;
  Flags refused_;
};

}  // namespace

extern const Opening kqueue_opening;
extern const Opening kqueue_clear_opening;

const Opening kqueue_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<KqueueSession>(0U); }};

const Opening kqueue_clear_opening{.open = []() -> std::unique_ptr<Session> {
  return std::make_unique<KqueueSession>(static_cast<unsigned>(EV_CLEAR));
}};

}  // namespace probe
