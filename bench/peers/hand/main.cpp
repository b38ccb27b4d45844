// What a program costs that makes the system calls itself, for one purpose, and nothing else.

#include <sys/utsname.h>

#include "hand/methods.hpp"
#include "support/clients.hpp"
#include "workloads/loop_workloads.hpp"

namespace bench {
namespace {

using Work = void (*)(Run&);

// The work of the method that the run asks for.
std::function<void(Run&)> by_method(Work epoll, Work poll, Work select, Work io_uring) {
  return [=](Run& run) {
    const auto& method = run.variant();
    const Work work = method == "epoll"    ? epoll
                      : method == "poll"   ? poll
                      : method == "select" ? select
                                           : io_uring;
    work(run);
  };
}

std::string kernel() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string("Linux ") + name.release : "Linux";
}

}  // namespace

Peer this_peer() {
  using namespace hand;
  std::vector<std::string> methods{"epoll", "poll", "select"};
  if (has_io_uring()) methods.emplace_back("io_uring");
  const std::vector<std::string> epoll{"epoll"};
  const std::vector<std::string> heap{"heap"};
  Peer peer{.name = "hand", .version = kernel(), .workloads = {}};
  append(peer.workloads,
         {chain_workload(methods, by_method(chain_epoll, chain_poll, chain_select, chain_io_uring)),
          registration_workload("add_remove", epoll, add_remove),
          registration_workload("modify", epoll, modify),
          timers_workload(heap, timers),
          memory_workload("timer_memory", 100'000, heap, timer_memory),
          posting_workload("post", epoll, post),
          posting_workload("ping", epoll, ping),
          {"upper_case", {"loop"}, {{"payload", 16'384}, {"rounds", 10'000}}, upper_case_loop}});
  append(peer.workloads, server_workloads(methods, by_method(serve_epoll, serve_poll, serve_select,
                                                             serve_io_uring)));
  return peer;
}

}  // namespace bench
