// polymux: every backend that this machine has, through EventLoop; servers are the
// ConnectionManager of `polymux serve` with its time-outs, limits and counters.

#include <memory>
#include <polymux/polymux.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/clients.hpp"
#include "support/descriptors.hpp"
#include "workloads/loop_workloads.hpp"

namespace bench {
namespace {

std::unique_ptr<polymux::Poller> open(const std::string& backend) {
  auto opened = polymux::open_poller(backend);
  if (!opened) give_up(opened.message);
  return std::move(opened.poller);
}

[[noreturn, gnu::cold]] void give_up_by(const std::error_code& error, const char* what) {
  give_up(std::string(what) + ": " + error.message());
}

inline void expect_success(const std::error_code& error, const char* what) {
  if (error) give_up_by(error, what);
}

struct PolymuxPeer {
  class Loop {
   public:
    explicit Loop(const std::string& backend) : loop_(open(backend)) {}

    void run() { expect_success(loop_.run(), "run"); }
    void stop() noexcept { loop_.stop(); }
    void turn() {
      expect_success(loop_.run_once(std::chrono::nanoseconds::zero()), "run_once");
      now = polymux::Timer::Clock::now();
    }
    void post(Task task) {
      loop_.post([task] { task.call(task.argument); });
    }
    polymux::EventLoop& get() noexcept { return loop_; }

    /// After the last turn. As with the other loops the clock is read once for many timers.
    static inline polymux::Timer::Clock::time_point now;

   private:
    polymux::EventLoop loop_;
  };

  template <class Handler>
  class Reader final : public polymux::Watcher {
   public:
    Reader(Loop& loop, Handler handler) : Watcher(loop.get()), handler_(handler) {}

    void start(int fd) { expect_success(Watcher::start(fd, polymux::Interest::read), "start"); }
    void ask_to_write(bool does_ask) {
      using polymux::Interest;
      expect_success(set_interest(does_ask ? Interest::read | Interest::write : Interest::read),
                     "set_interest");
    }

   private:
    void on_ready(polymux::Ready /*ready*/) override { handler_(); }

    [[no_unique_address]] Handler handler_;
  };

  template <class Handler>
  class Timer {
   public:
    Timer(Loop& loop, Handler handler) : timer_(loop.get(), handler) {}

    void start_after(std::chrono::nanoseconds delay) { timer_.start_at(Loop::now + delay); }
    void stop() { timer_.stop(); }

   private:
    polymux::Timer timer_;
  };
};

template <class Manager>
void serve_with(Run& run, polymux::EventLoop& loop, Manager& manager) {
  const auto listening = manager.listen("127.0.0.1:0");
  if (!listening) give_up(listening.message);
  const auto& address = listening.addresses.front();
  const auto port = std::stoul(address.substr(address.rfind(':') + 1));
  start_clients(run, static_cast<std::uint16_t>(port));
  expect_success(loop.run(), "run");
}

// The model of that name of `polymux serve`; what it waits with besides is the best there is.
constexpr auto proactor = "proactor";

void serve_by_completions(Run& run) {
  polymux::EventLoop loop(polymux::open_poller().poller);
  polymux::ToupperService service;
  polymux::CompletionManager manager(loop, service);
  expect_success(manager.open(), "open");
  serve_with(run, loop, manager);
}

void serve(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  if (run.variant() == proactor) return serve_by_completions(run);
  polymux::EventLoop loop(open(run.variant()));
  polymux::ToupperService service;
  polymux::ConnectionManager manager(loop, service);
  serve_with(run, loop, manager);
}

bool has_completions() {
  polymux::EventLoop loop(polymux::open_poller().poller);
  polymux::ToupperService service;
  return !polymux::CompletionManager(loop, service).open();
}

// Without a loop and its watchers: the table of the poller alone.
void run_registration_memory(Run& run) {
  const auto poller = open(run.variant());
  const auto nodes = open_nodes(run["count"]);

  run.begin();
  for (const int node : nodes) {
    expect_success(poller->add(node, polymux::Token{0}, polymux::Interest::read), "add");
  }
  run.finish(nodes.size());
}

// The poller's own wake, by who is awake, and then one wait that consumes them all.
void run_wake_awake(Run& run) {
  const auto poller = open(run.variant());
  const auto wakes = run["wakes"];
  polymux::Event event;

  run.begin();
  for (std::uint64_t wake = 0; wake < wakes; ++wake) poller->wake();
  const auto result = poller->wait({&event, 1}, std::nullopt);
  require(result.woken, "a wake did not end the wait");
  run.finish(wakes);
}

// A change of a watcher to what it watches for already. (`Poller::modify` asks the kernel also
// then: it has to tell whether the number is still that file's.)
void run_modify_same(Run& run) {
  polymux::EventLoop loop(open(run.variant()));
  const auto sockets = open_silent_sockets(1);
  polymux::CallbackWatcher watcher(loop, [](polymux::Ready) {});
  const auto changes = run["changes"];
  expect_success(watcher.start(sockets.front(), polymux::Interest::read), "start");

  run.begin();
  for (std::uint64_t change = 0; change < changes; ++change) {
    expect_success(watcher.set_interest(polymux::Interest::read), "set_interest");
  }
  run.finish(changes);
}

void run_upper_case(Run& run) {
  polymux::ToupperService service;
  std::vector<char> bytes(run["payload"], 'q');
  const auto rounds = run["rounds"];

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    require(service.answer(bytes).size() == bytes.size(), "an answer is too short");
    bytes.front() = 'q';
  }
  run.finish(rounds * bytes.size());
}

std::vector<std::string> backends_here() {
  std::vector<std::string> names;
  for (const auto& backend : polymux::available_backends()) {
    if (backend.is_available()) names.emplace_back(backend.name);
  }
  return names;
}

}  // namespace

Peer this_peer() {
  const auto backends = backends_here();
  Peer peer{.name = "polymux",
            .version = POLYMUX_BENCH_VERSION,
            .workloads = loop_workloads<PolymuxPeer>(backends)};
  append(peer.workloads, interest_workloads<PolymuxPeer>(backends));
  auto servers = backends;
  if (has_completions()) servers.emplace_back(proactor);
  append(peer.workloads, server_workloads(servers, serve));
  append(peer.workloads,
         {memory_workload("registration_memory", 10'000, backends, run_registration_memory),
          {"wake_awake", backends, {{"wakes", 10'000}}, run_wake_awake},
          {"modify_same", backends, {{"changes", 10'000}}, run_modify_same},
          {"upper_case", {"service"}, {{"payload", 16'384}, {"rounds", 10'000}}, run_upper_case}});
  return peer;
}

}  // namespace bench
