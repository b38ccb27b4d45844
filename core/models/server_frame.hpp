#pragma once

#include <optional>

#include <polymux/models/server_model.hpp>

#include "core/models/ending.hpp"
#include "core/models/metrics_thread.hpp"
#include "core/models/reception.hpp"
#include "core/models/server_control.hpp"
#include "core/models/server_counters.hpp"

namespace polymux {

/// What every server without a loop has: where its clients come, and what ends it.
struct ServerFrame {
  /// The others must outlive it.
  ServerFrame(const ServerOptions& server_options, ServerObserver& server_observer,
              ServerCounters& server_counters) noexcept
      : options(server_options),
        observer(server_observer),
        counters(server_counters),
        control(server_options, server_observer, server_counters, ending),
        reception(server_options.connections.max_connections, server_counters, ending),
        metrics([this] { return Metrics{.counters = counters.snapshot()}; }) {}

  /// Listens, takes the signals, and tells of it. Has a value if the server is not to serve.
  [[nodiscard]] std::optional<ServerOutcome> open();

  const ServerOptions& options;
  ServerObserver& observer;
  ServerCounters& counters;
  Ending ending;
  ServerControl control;
  Reception reception;
  /// Gone before the signals are as they were.
  MetricsThread metrics;
};

}  // namespace polymux
