#include "workloads/chain.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include "hand/methods.hpp"
#include "hand/select_bits.hpp"

namespace bench::hand {

void chain_epoll(Run& run) {
  Chain chain(run);
  const int queue = ::epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t index = 0; index < chain.links.size(); ++index) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    require(::epoll_ctl(queue, EPOLL_CTL_ADD, chain.links[index].here, &event) == 0, "epoll_ctl");
  }
  chain.put_tokens();

  run.begin();
  epoll_event events[256];
  while (true) {
    const int count = ::epoll_wait(queue, events, static_cast<int>(std::size(events)), -1);
    for (int at = 0; at < count; ++at) {
      const auto index = static_cast<std::size_t>(events[at].data.u64);
      if (chain.pass_on(chain.links[index])) run.finish(run["events"]);
    }
  }
}

void chain_poll(Run& run) {
  Chain chain(run);
  std::vector<pollfd> entries;
  for (const auto& link : chain.links)
    entries.push_back({.fd = link.here, .events = POLLIN, .revents = 0});
  chain.put_tokens();

  run.begin();
  while (true) {
    int left = ::poll(entries.data(), entries.size(), -1);
    for (std::size_t index = 0; left > 0; ++index) {
      if (entries[index].revents == 0) continue;
      --left;
      if (chain.pass_on(chain.links[index])) run.finish(run["events"]);
    }
  }
}

void chain_select(Run& run) {
  Chain chain(run);
  SelectBits wanted;
  std::vector<Chain::Link> link_of(static_cast<std::size_t>(chain.links.back().here) + 1);
  for (const auto& link : chain.links) {
    wanted.add(link.here);
    link_of[static_cast<std::size_t>(link.here)] = link;
  }
  chain.put_tokens();

  run.begin();
  SelectBits ready;
  while (true) {
    ready = wanted;
    ::select(ready.limit(), ready.get(), nullptr, nullptr, nullptr);
    ready.for_each([&](int fd) {
      if (chain.pass_on(link_of[static_cast<std::size_t>(fd)])) run.finish(run["events"]);
    });
  }
}

}  // namespace bench::hand
