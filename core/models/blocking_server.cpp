#include "core/models/blocking_server.hpp"

#include <algorithm>

namespace polymux {
namespace {

// As of the pool of a loop: the cost of a call is shared, and it fits the cache.
constexpr std::size_t most_room = std::size_t{64} * 1024;

}  // namespace

ReadRoom::ReadRoom(const ConnectionOptions& options)
    : size_(std::clamp<std::size_t>(options.max_buffer, 1, most_room)), bytes_(new char[size_]) {}

ClientSession::Outcome BlockingServer::step(ClientSession& session) noexcept {
  using Outcome = ClientSession::Outcome;
  waited_.await(socket, session.fd(), session.interest());
  const auto deadline = session.deadline();
  if (waited_.wait(deadline) || waited_.is_ready(stop)) return Outcome::over;
  if (waited_.is_ready(socket)) return session.advance(room_.get());
  const bool is_late = !waited_.is_ready(drain) && ClientSession::Clock::now() >= deadline;
  return is_late ? session.expire() : Outcome::idle;
}

}  // namespace polymux
