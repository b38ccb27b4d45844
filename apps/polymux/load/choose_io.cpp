#include "choose_io.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <polymux/poller/registry.hpp>

#include "wrong_usage.hpp"

namespace load {
namespace {

// Small enough that all pieces of a ring stay in a cache, large enough for long answers.
constexpr std::uint64_t least_piece = 128;
constexpr std::uint64_t greatest_piece = 16'384;

// With fewer there is little to hand over by one system call.
constexpr std::uint64_t least_connections = 16;

bool names_backend(const Options& options) {
  const char* const variable = std::getenv(polymux::backend_variable);
  return options.backend || (variable != nullptr && *variable != '\0');
}

bool is_worth_a_ring(const Options& options) {
  // Who names a multiplexer wants it to do the work; and who opens a connection for each request
  // has most of the work with that.
  if (names_backend(options) || options.reconnects) return false;
  return options.connections / options.threads >= least_connections;
}

}  // namespace

std::string_view name_of(Io io) noexcept {
  return io == Io::uring ? "uring" : "readiness";
}

Io choose_io(const Options& options) {
  if (options.io == Io::readiness) return Io::readiness;
  const bool is_asked_for = options.io.has_value();
  if (options.is_udp) {
    if (is_asked_for) throw WrongUsage("--io uring is for connections; --udp has readiness alone");
    return Io::readiness;
  }
  if (!is_asked_for && !is_worth_a_ring(options)) return Io::readiness;
  std::error_code error;
  if (open_ring_for(options, error) != nullptr) return Io::uring;
  if (is_asked_for) throw WrongUsage("--io uring cannot be used here: " + error.message());
  return Io::readiness;
}

std::unique_ptr<polymux::CompletionRing> open_ring_for(const Options& options,
                                                       std::error_code& error) {
  const auto at_once = std::min(options.sizes.greatest, greatest_piece) * options.depth;
  const auto piece = std::clamp(at_once, least_piece, greatest_piece);
  return polymux::open_completion_ring(static_cast<std::size_t>(piece), error);
}

}  // namespace load
