#pragma once

#include <string>
#include <vector>

#include "chain.hpp"
#include "memory.hpp"
#include "posting.hpp"
#include "registration.hpp"
#include "timers.hpp"

namespace bench {

/// All that a library with a loop can do, through `P`, its adaptor:
///
///     P::Loop(variant)      run(), stop(), turn() (one, without waiting), post(Task)
///     P::Reader<H>(loop, h) start(fd), stop(); calls h() when fd is readable
///                           ask_to_write(bool), where P has it
///     P::Timer<H>(loop, h)  start_after(nanoseconds), stop(); calls h() once
template <class P>
std::vector<Workload> loop_workloads(const std::vector<std::string>& variants) {
  return {
      chain_workload(variants, run_chain<P>),
      registration_workload("add_remove", variants, run_add_remove<P>),
      timers_workload(variants, run_timers<P>),
      posting_workload("post", variants, run_post<P>),
      posting_workload("ping", variants, run_ping<P>),
      posting_workload("post_own", variants, run_post_own<P>),
      memory_workload("watcher_memory", 10'000, variants, run_watcher_memory<P>),
      memory_workload("timer_memory", 100'000, variants, run_timer_memory<P>),
  };
}

/// For those that have write interest to change.
template <class P>
std::vector<Workload> interest_workloads(const std::vector<std::string>& variants) {
  return {
      registration_workload("modify", variants, run_modify<P>),
      registration_workload("toggle", variants, run_toggle<P>),
  };
}

inline void append(std::vector<Workload>& all, std::vector<Workload> more) {
  for (auto& workload : more) all.push_back(std::move(workload));
}

}  // namespace bench
