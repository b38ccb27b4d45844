#pragma once

#include <string>
#include <system_error>

#include <polymux/models/server_model.hpp>
#include <polymux/poller/error.hpp>
#include <polymux/service/connection_manager.hpp>

namespace polymux {

/// What it means for a server that it cannot listen.
[[nodiscard]] inline ServerOutcome cannot_listen(const ListenResult& result) {
  const bool is_usage = result.error == make_error_code(Errc::invalid_argument);
  return {.kind = is_usage ? ServerOutcome::Kind::wrong_usage : ServerOutcome::Kind::failed,
          .message = result.message};
}

/// Of a model that has `--metrics` among its refused options.
[[nodiscard]] inline ServerOutcome cannot_tell_metrics() {
  return {.kind = ServerOutcome::Kind::wrong_usage, .message = "this model has no metrics"};
}

[[nodiscard]] inline ServerOutcome failed_server(const std::string& what, std::error_code error) {
  return {.kind = ServerOutcome::Kind::failed, .message = what + ": " + error.message()};
}

}  // namespace polymux
