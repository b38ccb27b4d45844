#include "core/models/reception.hpp"

#include <utility>

#include "core/service/open_listeners.hpp"
#include "platform/accept.hpp"
#include "platform/socket_io.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// How long accepting rests where the system cannot.
constexpr auto pause_before_retry = 100ms;

// Those who are turned away at once, so that others have their turn.
constexpr int refused_at_once = 64;

}  // namespace

ListenResult Reception::listen(const std::vector<std::string>& addresses,
                               std::vector<std::string>& bound) {
  for (const auto& address : addresses) {
    auto result = open_listeners(address, listeners_);
    if (!result) return result;
    for (auto& one : result.addresses) bound.push_back(std::move(one));
  }
  waited_ = WaitSet(listeners_.size() + 2);
  return {};
}

Reception::Arrival Reception::next(UniqueFd& client) noexcept {
  for (;;) {
    const auto arrival = look();
    if (arrival != Arrival::client) return arrival;
    for (std::size_t count = 0; count < listeners_.size(); ++count) {
      turn_ = (turn_ + 1) % listeners_.size();
      if (!waited_.is_ready(turn_)) continue;
      if (accept_from(listeners_[turn_], client) == Attempt::client) return Arrival::client;
    }
  }
}

bool Reception::look_for(UniqueFd& client) noexcept {
  if (Clock::now() < rest_until_) return false;
  for (std::size_t count = 0; count < listeners_.size(); ++count) {
    turn_ = (turn_ + 1) % listeners_.size();
    if (accept_from(listeners_[turn_], client) == Attempt::client) return true;
  }
  return false;
}

Reception::Arrival Reception::look() noexcept {
  const bool is_resting = Clock::now() < rest_until_;
  await_listeners(is_resting);
  if (waited_.wait(is_resting ? rest_until_ : Clock::time_point::max())) {
    rest();
    return Arrival::client;
  }
  if (waited_.is_ready(listeners_.size() + 1)) return Arrival::stop;
  if (waited_.is_ready(listeners_.size())) return Arrival::drain;
  return Arrival::client;
}

void Reception::await_listeners(bool is_resting) noexcept {
  for (std::size_t place = 0; place < listeners_.size(); ++place) {
    waited_.await(place, is_resting ? -1 : listeners_[place].socket.get(), Interest::read);
  }
  waited_.await(listeners_.size(), ending_.drain.fd(), Interest::read);
  waited_.await(listeners_.size() + 1, ending_.stop.fd(), Interest::read);
}

Reception::Attempt Reception::accept_from(Listener& listener, UniqueFd& client) noexcept {
  auto [status, accepted] = accept_client(listener.socket.get());
  switch (status) {
    case AcceptStatus::accepted:
      if (!admit(accepted)) return Attempt::turned_away;
      client = std::move(accepted);
      return Attempt::client;
    case AcceptStatus::none:
      return Attempt::none;
    case AcceptStatus::lost:
      ServerCounters::add(counters_.accept_errors);
      return Attempt::turned_away;
    case AcceptStatus::no_descriptor:
      refuse_some(listener);
      return Attempt::none;
    case AcceptStatus::unable:
      ServerCounters::add(counters_.accept_errors);
      rest();
      return Attempt::none;
  }
  return Attempt::none;
}

bool Reception::admit(const UniqueFd& client) noexcept {
  if (prepare_to_send(client.get())) {
    ServerCounters::add(counters_.accept_errors);
    return false;
  }
  return counters_.enter(most_);
}

void Reception::refuse_some(Listener& listener) noexcept {
  reserve_.give_up();
  auto status = AcceptStatus::accepted;
  for (int count = 0; count < refused_at_once; ++count) {
    status = accept_client(listener.socket.get()).status;
    if (status == AcceptStatus::accepted) {
      ServerCounters::add(counters_.refused_descriptors);
    } else if (status == AcceptStatus::lost) {
      ServerCounters::add(counters_.accept_errors);
    } else {
      break;
    }
  }
  const bool is_done = status == AcceptStatus::accepted || status == AcceptStatus::lost ||
                       status == AcceptStatus::none;
  // Otherwise the descriptor was taken by another meanwhile.
  if (!reserve_.fill() || !is_done) rest();
}

void Reception::rest() noexcept {
  rest_until_ = Clock::now() + pause_before_retry;
}

void Reception::remove_files() noexcept {
  for (auto& listener : listeners_) listener.file.remove();
}

void Reception::forget() noexcept {
  for (auto& listener : listeners_) listener.socket.reset();
  reserve_.give_up();
}

}  // namespace polymux
