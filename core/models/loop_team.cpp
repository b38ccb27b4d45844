#include "core/models/loop_team.hpp"

#include <new>
#include <system_error>
#include <utility>

#include "core/models/describe_clients.hpp"
#include "core/models/loop_server.hpp"
#include "core/service/open_listeners.hpp"

namespace polymux {

LoopTeam::LoopTeam(EventLoop& loop, Service& service, const ServerOptions& options,
                   std::size_t threads, Balance balance)
    : loop_(loop),
      balance_(balance),
      table_(threads + 1),
      acceptors_(loop, {table_, threads},
                 [this](UniqueFd client) { on_client(std::move(client)); }) {
  for (std::size_t index = 0; index < threads; ++index) {
    threads_.push_back(std::make_unique<LoopThread>(service, options, CounterTable(table_, index),
                                                    [this] { loop_.stop(); }));
  }
}

ServerOutcome LoopTeam::start() {
  try {
    for (const auto& thread : threads_) {
      auto outcome = thread->start();
      if (outcome.kind != ServerOutcome::Kind::ended) return outcome;
    }
  } catch (const std::system_error& error) {
    return failed_server("cannot start a thread", error.code());
  }
  return {};
}

ListenResult LoopTeam::listen(std::string_view address) {
  return balance_ == Balance::reuseport ? listen_balanced(address) : acceptors_.listen(address);
}

ListenResult LoopTeam::listen_balanced(std::string_view text) {
  std::vector<Listener> first;
  auto result = open_listeners(text, first, PortUse::balanced);
  if (result.error == std::errc::not_supported) {
    result.message += "; --balance reuseport is for TCP";
  }
  if (!result) return result;
  auto own = std::move(first);
  for (const auto& thread : threads_) {
    // The first one's port, if it was to be any.
    for (std::size_t index = 0; own.size() < result.addresses.size(); ++index) {
      auto more = open_listeners(result.addresses[index], own, PortUse::balanced);
      if (!more) return more;
    }
    auto added = thread->listen(std::move(own));
    if (!added) return added;
    own.clear();
  }
  return result;
}

LoopThread& LoopTeam::next_thread() noexcept {
  const auto count = threads_.size();
  auto best = next_ % count;
  for (std::size_t step = 1; balance_ == Balance::least && step < count; ++step) {
    const auto other = (next_ + step) % count;
    if (threads_[other]->load() < threads_[best]->load()) best = other;
  }
  // Those who have as many have their turns.
  next_ = best + 1;
  return *threads_[best];
}

void LoopTeam::on_client(UniqueFd client) noexcept {
  try {
    next_thread().hand_over(std::move(client));
  } catch (const std::bad_alloc&) {
    ++table_.back().accept_errors;
  }
}

void LoopTeam::drain(std::function<void()> when_gone) {
  when_gone_ = std::move(when_gone);
  // Those who wait go to the threads before they are told.
  acceptors_.finish();
  draining_ = threads_.size();
  for (const auto& thread : threads_) {
    thread->drain([this] { loop_.post([this] { on_gone(); }); });
  }
}

void LoopTeam::on_gone() {
  if (--draining_ == 0) when_gone_();
}

void LoopTeam::close_all() {
  acceptors_.close();
  for (const auto& thread : threads_) thread->close_all();
}

std::vector<std::string> LoopTeam::describe_parts() const {
  std::vector<std::string> lines;
  for (std::size_t index = 0; index < threads_.size(); ++index) {
    lines.push_back("thread " + std::to_string(index) + describe_clients(table_[index]));
  }
  return lines;
}

void LoopTeam::add_measures_to(LoopTotals& totals) const noexcept {
  for (const auto& thread : threads_) thread->measures().add_to(totals);
}

ServerOutcome LoopTeam::outcome() const {
  for (const auto& thread : threads_) {
    if (const auto error = thread->failure()) {
      return failed_server("the event loop of a thread has failed", error);
    }
  }
  return {};
}

}  // namespace polymux
