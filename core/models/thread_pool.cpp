// A fixed number of threads that block, each on one client at a time; one more accepts, and hands
// them over in a queue. As many may wait there as there are threads, the others in the system's.

#include <cstdint>
#include <new>
#include <utility>

#include "core/models/blocking_server.hpp"
#include "core/models/client_queue.hpp"
#include "core/models/server_frame.hpp"
#include "core/models/server_outcome.hpp"
#include "core/models/thread_group.hpp"
#include "core/models/worker_count.hpp"

namespace polymux {
namespace {

class ThreadPoolServer {
 public:
  ThreadPoolServer(Service& service, ServerFrame& frame, std::uint32_t threads) noexcept
      : service_(service), frame_(frame), queue_(threads) {}
  ThreadPoolServer(const ThreadPoolServer&) = delete;
  ThreadPoolServer& operator=(const ThreadPoolServer&) = delete;
  ~ThreadPoolServer() { finish(); }

  /// One more of them. Throws `std::bad_alloc`.
  [[nodiscard]] std::error_code add_thread() {
    return threads_.start(
        [this, server = std::make_unique<BlockingServer>(
                   frame_.options.connections, frame_.ending)]() noexcept { work(*server); });
    // What it has made lives in the thread's closure.
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
  }

  /// The server ends: whoever waits to put a client into the queue need not.
  void hurry() noexcept { queue_.lift_bound(); }

  /// Accepts until the end, and waits until the threads have come to theirs.
  void run() noexcept {
    UniqueFd client;
    while (frame_.reception.next(client) == Reception::Arrival::client) take(std::move(client));
    frame_.reception.take_last([this](UniqueFd last) { take(std::move(last)); });
    finish();
  }

 private:
  void finish() noexcept {
    queue_.close();
    threads_.join();
  }

  void take(UniqueFd client) noexcept {
    if (!queue_.push(std::move(client))) frame_.counters.leave();
  }

  void work(BlockingServer& server) noexcept {
    while (auto client = queue_.pop()) {
      {
        // Its time begins here: for how long it has waited is not the client's fault.
        ClientSession session(std::move(client), service_, frame_.options.connections,
                              frame_.counters);
        server.serve(session);
      }
      frame_.counters.leave();
    }
  }

  Service& service_;
  ServerFrame& frame_;
  ClientQueue queue_;
  ThreadGroup threads_;
};

ServerOutcome serve(Service& service, const ServerOptions& options, ServerObserver& observer) {
  ServerCounters counters;
  ServerFrame frame(options, observer, counters);
  if (const auto outcome = frame.open()) return *outcome;
  const auto threads = worker_count(options);
  ThreadPoolServer server(service, frame, threads);
  ControlThread control(frame.control, [&server](ServerControl::Event event) {
    using Event = ServerControl::Event;
    if (event == Event::drain || event == Event::stop) server.hurry();
  });
  if (const auto error = control.start()) return failed_server("cannot start a thread", error);
  for (std::uint32_t count = 0; count < threads; ++count) {
    if (const auto error = server.add_thread()) {
      return failed_server("cannot start a thread", error);
    }
  }
  server.run();
  return {};
}

}  // namespace

extern const ServerModel thread_pool_model;
const ServerModel thread_pool_model{.name = "thread-pool",
                                    .summary = "one accepts, a number of threads block",
                                    .known_from = "Apache's worker, Tomcat; Stevens",
                                    .workers = Workers::threads,
                                    .serve = serve};

}  // namespace polymux
