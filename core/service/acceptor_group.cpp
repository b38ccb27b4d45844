#include "core/service/acceptor_group.hpp"

#include <chrono>
#include <new>
#include <string>
#include <utility>

#include "core/service/open_listeners.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// How long accepting rests where the system cannot, unless a connection closes before.
constexpr std::chrono::nanoseconds pause_before_retry = 100ms;

}  // namespace

AcceptorGroup::AcceptorGroup(EventLoop& loop, CounterTable table, OnClient on_client)
    : loop_(loop),
      table_(table),
      on_client_(std::move(on_client)),
      retry_(loop, [this] { resume(); }) {}

AcceptorGroup::~AcceptorGroup() {
  close();
}

ListenResult AcceptorGroup::listen(std::string_view text) {
  std::vector<Listener> listeners;
  auto result = open_listeners(text, listeners);
  if (!result) return result;
  auto added = add(std::move(listeners));
  return added ? std::move(result) : std::move(added);
}

ListenResult AcceptorGroup::listen_on(int socket) {
  Listener listener;
  if (const auto error = take_listener(UniqueFd(socket), listener)) {
    const auto why =
        error == Errc::invalid_argument ? "it is no stream socket that listens" : error.message();
    return {.error = error,
            .message = "cannot accept on descriptor " + std::to_string(socket) + ": " + why};
  }
  ListenResult result;
  result.addresses.push_back(listener.address);
  std::vector<Listener> listeners;
  listeners.push_back(std::move(listener));
  auto added = add(std::move(listeners));
  return added ? std::move(result) : std::move(added);
}

ListenResult AcceptorGroup::add(std::vector<Listener> listeners) {
  // Not before it can be needed: who only adopts has no use for it.
  if (!reserve_) reserve_.emplace();
  AcceptorOwner& owner = *this;
  std::vector<std::unique_ptr<Acceptor>> opened;
  for (auto& listener : listeners) {
    opened.push_back(std::make_unique<Acceptor>(loop_, owner, *reserve_, std::move(listener)));
    if (const auto error = opened.back()->open()) {
      return cannot_listen(opened.back()->address(), error);
    }
  }
  for (auto& acceptor : opened) acceptors_.push_back(std::move(acceptor));
  counters().is_accepting.store(true);
  return {};
}

void AcceptorGroup::on_exhausted() noexcept {
  try {
    retry_.start_after(pause_before_retry);
  } catch (const std::bad_alloc&) {
    // Nobody would wake us: rather busy than deaf.
    return;
  }
  for (const auto& acceptor : acceptors_) acceptor->pause();
}

bool AcceptorGroup::has_other_with_room() const noexcept {
  if (!table_.is_of_processes()) return false;
  for (const auto& other : table_.all()) {
    const bool has_room = other.is_accepting.load() && !other.is_out_of_descriptors.load();
    if (has_room && &other != &table_.own_row()) return true;
  }
  return false;
}

bool AcceptorGroup::on_no_descriptor() noexcept {
  counters().is_out_of_descriptors.store(true);
  if (!has_other_with_room()) return false;
  on_exhausted();
  return true;
}

void AcceptorGroup::resume() noexcept {
  retry_.stop();
  counters().is_out_of_descriptors.store(false);
  if (reserve_) reserve_->fill();
  for (const auto& acceptor : acceptors_) {
    if (acceptor->resume()) on_exhausted();
  }
}

void AcceptorGroup::finish() noexcept {
  // From here on nobody leaves anybody to us, and we leave those who wait to nobody who ends, too.
  counters().is_accepting.store(false);
  for (const auto& acceptor : acceptors_) acceptor->accept_last();
  close();
}

void AcceptorGroup::close() noexcept {
  counters().is_accepting.store(false);
  acceptors_.clear();
  retry_.stop();
}

}  // namespace polymux
