#include "failure.hpp"

#include <cerrno>
#include <numeric>

namespace load {

std::uint64_t total(const FailureCounts& counts) noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

const char* name_of(Failure failure) noexcept {
  static constexpr std::array<const char*, failure_count> names{
      "refused", "timed_out",     "closed",    "reset", "wrong",
      "no_port", "no_descriptor", "abandoned", "other"};
  return names[static_cast<std::size_t>(failure)];
}

Failure classify(const std::error_code& error) noexcept {
  switch (error.value()) {
    case ECONNREFUSED:
      return Failure::refused;
    case ETIMEDOUT:
      return Failure::timed_out;
    // EPROTOTYPE is what macOS says of a peer that vanishes while one writes to it.
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EPROTOTYPE:
      return Failure::reset;
    // Of connect(2), and of bind(2) for an address whose ports are all in use.
    case EADDRNOTAVAIL:
    case EADDRINUSE:
      return Failure::no_port;
    case EMFILE:
    case ENFILE:
      return Failure::no_descriptor;
    default:
      return Failure::other;
  }
}

}  // namespace load
