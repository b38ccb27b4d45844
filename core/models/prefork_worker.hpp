#pragma once

#include <span>
#include <string_view>

#include <polymux/models/server_model.hpp>

#include "core/models/loop_measures.hpp"
#include "core/service/live_counters.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// What a master and its workers say to each other, by a stream that ends when the other one does.
namespace worker_protocol {

/// To a worker: take no more clients, and end when the last one is gone. The end of the stream, by
/// a master that has died, means the same.
inline constexpr char drain = 'd';
/// To a worker: the same, but others serve on, and there is no hurry.
inline constexpr char retire = 't';
/// To a worker: close all, and end.
inline constexpr char close = 'c';
/// To the master: this worker serves. Anything else is why it cannot.
inline constexpr std::string_view ready = "r";

}  // namespace worker_protocol

/// Serves in a loop of its own, by the sockets that the master listens with, until the master says
/// otherwise.
/// \param measures  Where the loop is measured, if the options ask for metrics.
[[nodiscard]] ServerOutcome run_prefork_worker(Service& service, const ServerOptions& options,
                                               CounterTable table, std::span<const int> listeners,
                                               UniqueFd master, LoopMeasures* measures);

}  // namespace polymux
