#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>

#include <polymux/models/server_model.hpp>

namespace polymux {

/// As many as the options ask for; otherwise one a processor.
[[nodiscard]] inline std::uint32_t worker_count(const ServerOptions& options) noexcept {
  return options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace polymux
