#pragma once

#include <cstdint>

#include "run.hpp"

namespace bench {

/// Starts the clients of a server workload in a process of their own, and has this process read its
/// clock, CPU time and heap when they begin and when they are done. They end it, so the server
/// simply runs for ever: its loop is that of a real server and knows nothing of the benchmark.
///
/// To be called once the server listens and before its loop runs.
void start_clients(const Run& run, std::uint16_t port);

/// The workloads `echo`, `accept` and `idle`, of a server that calls `start_clients`.
[[nodiscard]] std::vector<Workload> server_workloads(const std::vector<std::string>& variants,
                                                     const std::function<void(Run&)>& serve);

}  // namespace bench
