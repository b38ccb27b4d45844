#include <poll.h>

#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/poll_flags.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

class PollSession final : public Session {
 public:
  void watch(int fd, Interest interest) override {
    entry_.fd = fd;
    entry_.events = static_cast<short>(poll_request(interest));
  }

  Flags look(std::chrono::milliseconds /*patience*/) override {
    entry_.revents = 0;
    if (uninterrupted([&] { return ::poll(&entry_, 1, 0); }) < 0) throw SystemFailure("poll");
    return names_of_poll_bits(entry_.revents);
  }

 private:
  pollfd entry_{};
};

}  // namespace

extern const Opening poll_opening;
const Opening poll_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<PollSession>(); }};

}  // namespace probe
