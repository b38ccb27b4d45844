// What is the completions' own; that they serve as readiness does, the end-to-end tests say.

#include <polymux/models/completion_manager.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/poller/error.hpp>
#include <polymux/poller/registry.hpp>
#include <polymux/service/toupper_service.hpp>

#include "loop_fixture.hpp"
#include "socket_fixture.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Answers from memory of its own, and more than it was sent.
class TwiceService final : public Service {
 public:
  [[nodiscard]] std::span<const char> answer(std::span<char> bytes) noexcept override {
    answer_.clear();
    for (const char byte : bytes) answer_.append(2, byte);
    return answer_;
  }

 private:
  std::string answer_;
};

/// Has nothing to say.
class SilentService final : public Service {
 public:
  [[nodiscard]] std::span<const char> answer(std::span<char> /*bytes*/) noexcept override {
    return {};
  }
};

/// Who completes, and the multiplexer beneath.
struct Way {
  Proactor proactor = Proactor::uring;
  std::string_view backend;
};

std::ostream& operator<<(std::ostream& out, const Way& way) {
  constexpr std::array names{"uring", "aio", "simulated"};
  return out << names[static_cast<std::size_t>(way.proactor)] << '_' << way.backend;
}

std::vector<Way> ways() {
  std::vector<Way> found;
  for (const auto& backend : available_backends()) {
    if (!backend.is_available()) continue;
    // To others' completions the poller is a descriptor or two.
    if (backend.is_default) found.push_back({Proactor::uring, backend.name});
    if (backend.is_default) found.push_back({Proactor::aio, backend.name});
    found.push_back({Proactor::simulated, backend.name});
  }
  return found;
}

class CompletionManagerTest : public LoopTest, public ::testing::WithParamInterface<Way> {
 protected:
  CompletionManagerTest() : LoopTest(open_poller(GetParam().backend).poller) {}

  void serve(Service& service, ConnectionOptions options = {}) {
    if (is_aio() && options.max_connections == 0) options.max_connections = max_aio_connections;
    manager = std::make_unique<CompletionManager>(loop, service, options);
    if (const auto error = manager->open(GetParam().proactor)) GTEST_SKIP() << error.message();
    const auto result = manager->listen("127.0.0.1:0");
    ASSERT_TRUE(result) << result.message;
    address = result.addresses.front();
  }

  static bool is_aio() { return GetParam().proactor == Proactor::aio; }

  void run_until(const std::function<bool()>& is_done) {
    const auto deadline = Clock::now() + 10s;
    while (!is_done() && Clock::now() < deadline) ASSERT_FALSE(loop.run_once(10ms));
    ASSERT_TRUE(is_done());
  }

  std::string hear(int client, std::size_t count) {
    std::string answer;
    run_until([&] { return (answer += read_now(client)).size() >= count; });
    return answer;
  }

  /// Sends until neither end takes more, and reads nothing.
  void flood(int client) {
    ASSERT_EQ(::fcntl(client, F_SETFL, O_NONBLOCK), 0);
    const std::string block(std::size_t{1} << 20, 'x');
    int silent = 0;
    run_until([&] {
      silent = send_some(client, block) > 0 ? 0 : silent + 1;
      return unsent() > 0 && silent > 5;
    });
  }

  /// Bytes that were answered, and that no client has been sent.
  std::uint64_t unsent() const {
    return manager->counters().bytes_in - manager->counters().bytes_out;
  }

  ToupperService upper;
  std::unique_ptr<CompletionManager> manager;
  std::string address;
};

INSTANTIATE_TEST_SUITE_P(Ways, CompletionManagerTest, ::testing::ValuesIn(ways()),
                         ::testing::PrintToStringParamName());

TEST_P(CompletionManagerTest, AnswersOfTheServicesOwnMemoryAreSentWhole) {
  TwiceService service;
  serve(service);
  if (IsSkipped()) return;
  const auto client = connect_to(address);

  write_text(client.get(), "abc");
  EXPECT_EQ(hear(client.get(), 6), "aabbcc");
  write_text(client.get(), "de");
  EXPECT_EQ(hear(client.get(), 4), "ddee");
}

TEST_P(CompletionManagerTest, ASilentServiceGoesOnHearing) {
  SilentService service;
  serve(service);
  if (IsSkipped()) return;
  const auto client = connect_to(address);
  // More than there are pieces of memory: each is given back.
  for (int count = 0; count < 600; ++count) {
    write_text(client.get(), "x");
    const auto wanted = static_cast<std::uint64_t>(count) + 1;
    run_until([&] { return manager->counters().bytes_in == wanted; });
  }
  EXPECT_EQ(manager->counters().bytes_out, 0U);
}

TEST_P(CompletionManagerTest, WhoIsDestroyedWithClientsLeavesThemNothing) {
  serve(upper);
  if (IsSkipped()) return;
  std::vector<UniqueFd> clients;
  for (int count = 0; count < 20; ++count) clients.push_back(connect_to(address));
  run_until([&] { return manager->counters().active == clients.size(); });
  // In the middle of an answer that is not taken.
  flood(clients.front().get());
  ASSERT_GT(manager->counters().backpressure, 0U);

  manager.reset();

  for (const auto& client : clients) {
    pollfd entry{.fd = client.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&entry, 1, 5000), 1);
  }
}

TEST_P(CompletionManagerTest, AClientThatDoesNotReadCostsNoMoreThanItsBound) {
  for (const std::size_t most : {std::size_t{1000}, std::size_t{64} * 1024}) {
    serve(upper, {.max_buffer = most});
    if (IsSkipped()) return;
    const auto client = connect_to(address);

    flood(client.get());

    EXPECT_LE(unsent(), most);
  }
}

TEST_P(CompletionManagerTest, WhatWasNotTakenIsSentWhenItIs) {
  serve(upper, {.max_buffer = 5000});
  if (IsSkipped()) return;
  const auto client = connect_to(address);
  flood(client.get());
  ASSERT_EQ(::shutdown(client.get(), SHUT_WR), 0);

  std::uint64_t heard = 0;
  run_until([&] {
    const auto answer = read_now(client.get());
    EXPECT_EQ(answer, std::string(answer.size(), 'X'));
    heard += answer.size();
    return is_ended(client.get());
  });

  EXPECT_EQ(heard, manager->counters().bytes_in);
  EXPECT_EQ(unsent(), 0U);
}

TEST_P(CompletionManagerTest, OneThatDoesNotReadStopsNoOther) {
  serve(upper);
  if (IsSkipped()) return;
  std::vector<UniqueFd> deaf;
  for (int count = 0; count < 300; ++count) deaf.push_back(connect_to(address));
  for (const auto& client : deaf) {
    ASSERT_EQ(::fcntl(client.get(), F_SETFL, O_NONBLOCK), 0);
    const std::string block(std::size_t{1} << 20, 'x');
    static_cast<void>(send_some(client.get(), block));
  }
  const auto client = connect_to(address);

  write_text(client.get(), "hello");

  EXPECT_EQ(hear(client.get(), 5), "HELLO");
}

TEST_P(CompletionManagerTest, ThoseWhoWaitWhenAllIsClosedAreNotServed) {
  serve(upper);
  if (IsSkipped()) return;
  const auto client = connect_to(address);

  manager->close_all();

  run_until([&] { return is_ended(client.get()); });
  EXPECT_EQ(manager->counters().active, 0U);
}

TEST_P(CompletionManagerTest, ThoseWhoWaitWhenItDrainsAreServed) {
  serve(upper);
  if (IsSkipped()) return;
  // More than there is room for at once, as far as select and the threads of AIO go.
  const std::size_t many = is_aio() || loop.poller().capabilities().greatest_fd ? 400 : 600;
  std::vector<UniqueFd> clients;
  while (clients.size() < many) {
    clients.push_back(connect_to(address));
    write_text(clients.back().get(), "late");
  }
  bool has_ended = false;

  manager->drain([&] { has_ended = true; });

  for (const auto& client : clients) EXPECT_EQ(hear(client.get(), 4), "LATE");
  clients.clear();
  run_until([&] { return has_ended; });
  EXPECT_EQ(manager->counters().accepted, many);
}

TEST_P(CompletionManagerTest, WhoWasAcceptedAndNotYetSeenIsClosedWithTheRest) {
  const int before = next_number();
  serve(upper);
  if (IsSkipped()) return;
  std::vector<UniqueFd> clients;
  for (int count = 0; count < 20; ++count) clients.push_back(connect_to(address));

  manager.reset();

  for (const auto& client : clients) {
    pollfd entry{.fd = client.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&entry, 1, 5000), 1);
  }
  clients.clear();
  EXPECT_EQ(next_number(), before);
}

TEST_P(CompletionManagerTest, AnAddressThatIsClosedCanBeHadAgainAtOnce) {
  serve(upper);
  if (IsSkipped()) return;
  const auto client = connect_to(address);
  run_until([&] { return manager->counters().active == 1; });

  manager->close_all();

  const auto result = manager->listen(address);
  EXPECT_TRUE(result) << result.message;
  const auto other = connect_to(address);
  write_text(other.get(), "again");
  EXPECT_EQ(hear(other.get(), 5), "AGAIN");
}

TEST_P(CompletionManagerTest, ClosingAllEndsADrain) {
  serve(upper);
  if (IsSkipped()) return;
  const auto client = connect_to(address);
  run_until([&] { return manager->counters().active == 1; });
  bool has_ended = false;
  manager->drain([&] { has_ended = true; });

  manager->close_all();

  run_until([&] { return has_ended; });
  EXPECT_EQ(manager->counters().active, 0U);
  EXPECT_EQ(manager->counters().closed, 1U);
}

TEST_P(CompletionManagerTest, ThoseBeyondTheLimitAreTurnedAway) {
  serve(upper, {.max_connections = 1});
  if (IsSkipped()) return;
  const auto first = connect_to(address);
  run_until([&] { return manager->counters().active == 1; });

  const auto second = connect_to(address);

  run_until([&] { return manager->counters().refused_limit == 1; });
  write_text(first.get(), "still");
  EXPECT_EQ(hear(first.get(), 5), "STILL");
}

TEST_P(CompletionManagerTest, OnlyAioHasToBeToldOfAnEnd) {
  for (const std::size_t most : {std::size_t{0}, max_aio_connections + 1}) {
    CompletionManager unlimited(loop, upper, {.max_connections = most});
    const auto error = unlimited.open(GetParam().proactor);
    if (error == std::errc::function_not_supported) GTEST_SKIP() << error.message();
    EXPECT_EQ(error == Errc::invalid_argument, is_aio()) << error.message();
  }
}

TEST_P(CompletionManagerTest, WhatIsNoAddressIsAnInvalidArgument) {
  serve(upper);
  if (IsSkipped()) return;

  const auto result = manager->listen("nonsense");

  EXPECT_EQ(result.error, make_error_code(Errc::invalid_argument));
}

}  // namespace
}  // namespace polymux
