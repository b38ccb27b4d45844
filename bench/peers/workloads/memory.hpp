#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fixed_array.hpp"
#include "registration.hpp"
#include "support/descriptors.hpp"
#include "support/run.hpp"

namespace bench {

/// What a watched descriptor takes of the heap: the library's object, if the program has to keep
/// one, and its share of tables.
template <class P>
void run_watcher_memory(Run& run) {
  static typename P::Loop loop(run.variant());
  using Reader = typename P::template Reader<Ignore>;
  const auto nodes = open_nodes(run["count"]);
  loop.turn();

  run.begin();
  FixedArray<Reader> readers(nodes.size(), [&nodes](Reader* where, std::size_t index) {
    std::construct_at(where, loop, Ignore{});
    where->start(nodes[index]);
  });
  loop.turn();
  run.finish(nodes.size());
}

/// What an active timer takes, in the same way.
template <class P>
void run_timer_memory(Run& run) {
  static typename P::Loop loop(run.variant());
  using Timer = typename P::template Timer<Ignore>;
  const auto count = run["count"];
  loop.turn();

  run.begin();
  FixedArray<Timer> timers(count, [](Timer* where, std::size_t index) {
    std::construct_at(where, loop, Ignore{});
    where->start_after(std::chrono::hours(1) + std::chrono::milliseconds(index));
  });
  loop.turn();
  run.finish(count);
}

inline Workload memory_workload(std::string name, std::uint64_t count,
                                const std::vector<std::string>& variants,
                                std::function<void(Run&)> work) {
  return {std::move(name), variants, {{"count", count}}, std::move(work)};
}

}  // namespace bench
