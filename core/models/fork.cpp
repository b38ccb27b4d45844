// A process a connection: each blocks on its own client, and shares with the others nothing but
// the counters. A thread takes in those that have ended, so that accepting is never disturbed.

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/models/blocking_server.hpp"
#include "core/models/server_frame.hpp"
#include "core/models/server_outcome.hpp"
#include "platform/child_process.hpp"
#include "platform/shared_memory.hpp"

namespace polymux {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// For those that have been told to end at once, to do so. One that was stopped cannot, and ends
// when it goes on.
constexpr auto patience = 5s;

class ForkServer {
 public:
  ForkServer(Service& service, ServerFrame& frame)
      : service_(service), frame_(frame), server_(frame.options.connections, frame.ending) {}

  void run() noexcept {
    UniqueFd client;
    while (frame_.reception.next(client) == Reception::Arrival::client) take(std::move(client));
    frame_.reception.take_last([this](UniqueFd last) { take(std::move(last)); });
    wait_for_children();
  }

  /// Of the thread that has the signals.
  void on_event(ServerControl::Event event) noexcept {
    std::size_t ended = 0;
    for (; reap_child(); ++ended) frame_.counters.leave();
    const std::scoped_lock lock(mutex_);
    children_ -= ended;
    if (event == ServerControl::Event::stop) give_up_at_ = Clock::now() + patience;
    has_changed_.notify_one();
  }

 private:
  void take(UniqueFd client) noexcept {
    count(1);
    const auto forked = fork_process();
    if (forked.is_child()) serve(std::move(client));
    if (!forked.error) return;
    // No more processes are to be had: the client is closed.
    count(-1);
    ServerCounters::add(frame_.counters.accept_errors);
    frame_.counters.leave();
  }

  /// In the child, which may do no more than a signal handler: all is allocated by now.
  [[noreturn]] void serve(UniqueFd client) noexcept {
    frame_.control.become_child();
    frame_.reception.forget();
    {
      ClientSession session(std::move(client), service_, frame_.options.connections,
                            frame_.counters);
      server_.serve(session);
    }
    end_child(0);
  }

  void count(int change) noexcept {
    const std::scoped_lock lock(mutex_);
    children_ += static_cast<std::size_t>(change);
  }

  void wait_for_children() noexcept {
    std::unique_lock lock(mutex_);
    while (children_ != 0 && Clock::now() < give_up_at_) {
      if (give_up_at_ == Clock::time_point::max()) {
        has_changed_.wait(lock);
      } else {
        has_changed_.wait_until(lock, give_up_at_);
      }
    }
  }

  Service& service_;
  ServerFrame& frame_;
  BlockingServer server_;
  std::mutex mutex_;
  std::condition_variable has_changed_;
  std::size_t children_ = 0;
  Clock::time_point give_up_at_ = Clock::time_point::max();
};

// A child that is forked beside the thread that tells of them could do too little (fork(2)).
constexpr std::array<std::string_view, 1> refused{"--metrics"};

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  if (!options.metrics.empty()) return cannot_tell_metrics();
  SharedArray<ServerCounters> counters;
  if (const auto error = counters.open(1)) return failed_server("cannot share memory", error);
  ServerFrame frame(options, observer, counters[0]);
  if (const auto outcome = frame.open()) return *outcome;
  ForkServer server(service, frame);
  ControlThread control(frame.control,
                        [&server](ServerControl::Event event) { server.on_event(event); });
  if (const auto error = control.start()) return failed_server("cannot start a thread", error);
  server.run();
  return {};
}

}  // namespace

extern const ServerModel fork_model;
const ServerModel fork_model{.name = "fork",
                             .summary = "a process for each client, which blocks",
                             .known_from = "PostgreSQL, OpenSSH, inetd; Stevens",
                             .refused_options = refused,
                             .serve = serve};

}  // namespace polymux
