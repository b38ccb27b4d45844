#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "support/mailbox.hpp"
#include "support/run.hpp"

namespace bench {

/// One thread posts, another runs what was posted. One unit is a task.
template <class P>
void run_post(Run& run) {
  static typename P::Loop loop(run.variant());
  static std::uint64_t left = run["tasks"];
  const auto tasks = left;
  std::atomic<bool> may_begin{false};
  std::thread producer([&may_begin, tasks] {
    may_begin.wait(false);
    const auto count = [](void* /*unused*/) {
      if (--left == 0) loop.stop();
    };
    for (std::uint64_t task = 0; task < tasks; ++task) loop.post({count, nullptr});
  });
  run.begin();
  may_begin = true;
  may_begin.notify_one();
  loop.run();
  producer.join();
  run.finish(tasks - left);
}

/// Two loops in two threads: a task of one posts to the other, which is asleep by then. One unit is
/// there and back.
template <class P>
void run_ping(Run& run) {
  using Loop = typename P::Loop;
  static Loop here(run.variant());
  static Loop there(run.variant());
  static std::uint64_t left = run["trips"];
  const auto trips = left;
  struct Trip {
    static void go(void* /*unused*/) { there.post({come_back, nullptr}); }
    static void come_back(void* /*unused*/) { here.post({arrive, nullptr}); }
    static void arrive(void* /*unused*/) {
      if (--left > 0) return go(nullptr);
      here.stop();
      there.post({[](void* /*unused*/) { there.stop(); }, nullptr});
    }
  };
  std::thread other([] { there.run(); });
  here.post({Trip::go, nullptr});
  run.begin();
  here.run();
  other.join();
  run.finish(trips - left);
}

/// A task that posts to its own loop, a hundred at a time. One unit is a task.
template <class P>
void run_post_own(Run& run) {
  static typename P::Loop loop(run.variant());
  static std::uint64_t to_post = run["tasks"];
  static std::uint64_t done = 0;
  struct Burst {
    static void count(void* /*unused*/) { ++done; }
    static void go(void* /*unused*/) {
      const auto burst = std::min<std::uint64_t>(to_post, 100);
      to_post -= burst;
      for (std::uint64_t task = 0; task < burst; ++task) loop.post({count, nullptr});
      loop.post({to_post > 0 ? go : end, nullptr});
    }
    static void end(void* /*unused*/) { loop.stop(); }
  };
  loop.post({Burst::go, nullptr});
  run.begin();
  loop.run();
  run.finish(done);
}

inline Workload posting_workload(std::string name, const std::vector<std::string>& variants,
                                 std::function<void(Run&)> work) {
  const std::string units = name == "ping" ? "trips" : "tasks";
  return {std::move(name), variants, {{units, 10'000}}, std::move(work)};
}

}  // namespace bench
