#include <poll.h>
#include <sys/epoll.h>

#include "apps/polymux/probe/descriptor.hpp"
#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/poll_flags.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

// epoll_ctl(2) names the bits of poll(2), and gives them the same values.
static_assert(EPOLLIN == POLLIN && EPOLLPRI == POLLPRI && EPOLLOUT == POLLOUT &&
              EPOLLHUP == POLLHUP && EPOLLERR == POLLERR && EPOLLRDHUP == POLLRDHUP &&
              EPOLLRDNORM == POLLRDNORM && EPOLLWRBAND == POLLWRBAND);

class EpollSession final : public Session {
 public:
  explicit EpollSession(std::uint32_t trigger)
      : trigger_(trigger), set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (set_.get() < 0) throw SystemFailure("epoll_create1");
  }

  void watch(int fd, Interest interest) override {
    epoll_event event{};
    event.events = static_cast<std::uint32_t>(poll_request(interest)) | trigger_;
    if (::epoll_ctl(set_.get(), EPOLL_CTL_ADD, fd, &event) < 0) throw Refusal("epoll_ctl");
  }

  Flags look(std::chrono::milliseconds patience) override {
    epoll_event event{};
    const int count = uninterrupted(
        [&] { return ::epoll_wait(set_.get(), &event, 1, static_cast<int>(patience.count())); });
    if (count < 0) throw SystemFailure("epoll_wait");
    return count == 0 ? Flags() : names_of_poll_bits(static_cast<int>(event.events));
  }

 private:
  std::uint32_t trigger_;
  Descriptor set_;
};

}  // namespace

extern const Opening epoll_opening;
extern const Opening epoll_edge_opening;

const Opening epoll_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<EpollSession>(0); }};

const Opening epoll_edge_opening{.open = []() -> std::unique_ptr<Session> {
  return std::make_unique<EpollSession>(static_cast<std::uint32_t>(EPOLLET));
}};

}  // namespace probe
