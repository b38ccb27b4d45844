// Workers whose lives are shorter than a turn of the master's loop.

#include "core/models/supervisor.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string_view>

#include <polymux/poller/registry.hpp>

#include "core/models/prefork_worker.hpp"
#include "platform/socket_io.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

/// Ends the master once it has told of enough.
class EndsAfter final : public ServerObserver {
 public:
  explicit EndsAfter(int notices) : left_(notices) {}

  bool on_listening(const std::vector<std::string>& /*addresses*/,
                    const std::string& /*backend*/) override {
    return true;
  }
  void on_counters(const ConnectionCounters& /*counters*/) override {}
  void on_notice(std::string_view /*text*/) override {
    if (--left_ == 0) std::raise(SIGTERM);
  }

  [[nodiscard]] int left() const noexcept { return left_; }

 private:
  int left_;
};

/// Runs a master of six whose workers do as `live` says. In the order of poll(2) signals come
/// before what the workers say.
template <class Live>
ServerOutcome supervise(ServerObserver& observer, Live live) {
  constexpr std::size_t workers = 6;
  auto opened = open_poller("poll");
  EXPECT_TRUE(opened) << opened.message;
  EventLoop loop(std::move(opened.poller));
  std::array<LiveCounters, workers * Supervisor::generations> rows{};
  const ServerOptions options;
  Supervisor supervisor(loop, options, rows, {}, observer,
                        {.on_ready = [] { return true; }, .on_end = [] {}});
  std::optional<WorkerSeed> seed;
  auto outcome = supervisor.run(seed);
  // What a worker has of the test is its copy.
  if (seed) ::_exit(live(seed->master.get()));
  return outcome;
}

int say_ready(int master) {
  const auto word = worker_protocol::ready;
  return send(master, word).status == IoStatus::done ? 0 : 2;
}

TEST(Supervisor, AWorkerThatIsGoneBeforeItsWordIsReadIsALostOne) {
  EndsAfter observer(12);

  const auto outcome = supervise(observer, [](int master) { return say_ready(master); });

  EXPECT_EQ(outcome.kind, ServerOutcome::Kind::ended) << outcome.message;
  EXPECT_LE(observer.left(), 0);
}

TEST(Supervisor, AWorkerThatSaysWhyItCannotServeEndsAServerThatHasNotBegun) {
  EndsAfter observer(100);

  const auto outcome = supervise(observer, [](int master) {
    static_cast<void>(send(master, std::string_view("no room for it")));
    return 1;
  });

  EXPECT_EQ(outcome.kind, ServerOutcome::Kind::failed);
  EXPECT_EQ(outcome.message, "no room for it");
}

}  // namespace
}  // namespace polymux
