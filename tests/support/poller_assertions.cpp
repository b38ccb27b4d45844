#include "tests/support/poller_assertions.hpp"

#include <algorithm>
#include <cstdint>
#include <ostream>

#include "tests/support/clocks.hpp"

namespace polymux {

void PrintTo(const Event& event, std::ostream* out) {
  *out << to_string(event);
}
void PrintTo(Ready ready, std::ostream* out) {
  *out << to_string(ready);
}
void PrintTo(Interest interest, std::ostream* out) {
  *out << to_string(interest);
}
void PrintTo(Trigger trigger, std::ostream* out) {
  *out << to_string(trigger);
}
void PrintTo(Token token, std::ostream* out) {
  *out << static_cast<std::uint64_t>(token);
}
void PrintTo(const WaitResult& result, std::ostream* out) {
  *out << result.count << " events" << (result.woken ? ", woken" : "");
  if (result.error) *out << ", " << test::describe(result.error);
}

namespace test {

Ready Waited::ready(Token token) const {
  const auto found = std::ranges::find(events, token, &Event::token);
  return found == events.end() ? Ready::none : found->ready;
}

std::size_t Waited::count(Token token) const {
  return static_cast<std::size_t>(std::ranges::count(events, token, &Event::token));
}

void PrintTo(const Waited& waited, std::ostream* out) {
  PrintTo(waited.result, out);
  *out << " in " << milliseconds(waited.took) << " ms, CPU " << milliseconds(waited.cpu) << " ms:";
  for (const auto& event : waited.events) *out << ' ' << to_string(event);
}

Waited wait_once(Poller& poller, Timeout timeout, std::size_t room) {
  Waited waited;
  waited.events.resize(room);
  const CpuClock cpu;
  const Stopwatch watch;
  waited.result = poller.wait(waited.events, timeout);
  waited.took = watch.elapsed();
  waited.cpu = cpu.elapsed();
  waited.events.resize(std::min(room, waited.result.count));
  EXPECT_FALSE(waited.result.error) << "wait failed: " << describe(waited.result.error);
  EXPECT_LE(waited.result.count, room);
  return waited;
}

Ready expect_ready(Poller& poller, Token token, Ready wanted) {
  const Stopwatch watch;
  Waited last;
  do {
    last = wait_once(poller, bound() - watch.elapsed());
    for (const auto& event : last.events) {
      if (event.token == token) continue;
      ADD_FAILURE() << "waited for token " << static_cast<std::uint64_t>(token) << " and got "
                    << to_string(event);
      return Ready::none;
    }
    const auto ready = last.ready(token);
    if (contains(ready, wanted)) return ready;
    if (last.result.error) break;
  } while (watch.elapsed() < bound());
  ADD_FAILURE() << "no " << to_string(wanted) << " for token " << static_cast<std::uint64_t>(token)
                << " within " << milliseconds(watch.elapsed())
                << " ms; the last wait: " << ::testing::PrintToString(last);
  return Ready::none;
}

void expect_silence(Poller& poller, std::chrono::milliseconds duration) {
  const auto waited = wait_once(poller, duration);
  EXPECT_EQ(waited.result, WaitResult{})
      << "silence was expected: " << ::testing::PrintToString(waited);
  EXPECT_GE(waited.took, duration);
  const auto allowed = std::chrono::milliseconds(10) * slowness() + duration / 10;
  EXPECT_LT(waited.cpu, allowed) << "spins: " << ::testing::PrintToString(waited);
}

std::string describe(std::error_code error) {
  if (!error) return "success";
  return std::string(error.category().name()) + ":" + std::to_string(error.value()) + " (" +
         error.message() + ")";
}

::testing::AssertionResult is_error(std::error_code actual, std::error_code wanted) {
  if (actual == wanted) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "wanted " << describe(wanted) << ", got " << describe(actual);
}

::testing::AssertionResult succeeded(std::error_code actual) {
  return is_error(actual, {});
}

}  // namespace test
}  // namespace polymux
