#include "core/models/one_at_a_time.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace polymux {

void OneAtATime::run() noexcept {
  UniqueFd client;
  auto arrival = Reception::Arrival::client;
  while ((arrival = reception_.next(client)) == Reception::Arrival::client) {
    serve(std::move(client));
  }
  if (arrival == Reception::Arrival::drain) on_drain();
  serve_waiting();
}

void OneAtATime::run_with(std::vector<UniqueFd> clients) noexcept {
  waiting_ = std::move(clients);
  std::ranges::reverse(waiting_);
  serve_waiting();
}

void OneAtATime::serve_waiting() noexcept {
  while (!waiting_.empty()) {
    auto client = std::move(waiting_.back());
    waiting_.pop_back();
    serve(std::move(client));
  }
}

void OneAtATime::serve(UniqueFd client) noexcept {
  on_clients(waiting_.size() + 1);
  {
    ClientSession session(std::move(client), service_, options_, counters_);
    server_.serve(session, [this] { on_drain(); });
  }
  on_clients(waiting_.size());
  counters_.leave();
}

void OneAtATime::on_drain() noexcept {
  const auto before = waiting_.size();
  reception_.take_last([this](UniqueFd client) {
    try {
      waiting_.push_back(std::move(client));
    } catch (const std::bad_alloc&) {
      counters_.leave();
    }
  });
  // Who came first is served first.
  if (waiting_.size() != before) std::ranges::reverse(waiting_);
}

}  // namespace polymux
