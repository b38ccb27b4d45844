#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "clock.hpp"
#include "schedule.hpp"

namespace load {

/// Decides whether a connection that could send a request has one to send, and since when that
/// request has been waiting.
///
/// Closed loop: there is always one, from this moment on. Open loop: there is one if its instant
/// has come, and it has been waiting since that instant, however long nobody could send it.
class Pacer {
 public:
  static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

  Pacer() = default;
  /// A closed loop of so many requests.
  explicit Pacer(std::uint64_t requests) noexcept : left_(requests) {}
  /// An open loop of so many requests.
  Pacer(std::uint64_t requests, const Schedule& schedule) noexcept
      : left_(requests), schedule_(schedule) {}

  /// Takes a request, and gives the instant since which it waits; empty if there is none.
  [[nodiscard]] std::optional<Instant> take(Instant now) noexcept {
    if (left_ == 0) return std::nullopt;
    auto since = now;
    if (schedule_) {
      since = schedule_->due(taken_);
      if (since > now || since >= end_) return std::nullopt;
    } else if (has_ended_) {
      return std::nullopt;
    }
    --left_;
    ++taken_;
    return since;
  }

  /// From now on there is none that was not due by `now`.
  void end(Instant now) noexcept {
    has_ended_ = true;
    end_ = now;
  }

  /// When the next one is due; empty in a closed loop, and if there is none to come.
  [[nodiscard]] std::optional<Instant> next_due() const noexcept;

  /// True if there will be none.
  [[nodiscard]] bool is_exhausted() const noexcept;

  /// After the end: requests that were due and that nobody took.
  [[nodiscard]] std::uint64_t overdue() const noexcept;

  [[nodiscard]] bool is_open_loop() const noexcept { return schedule_.has_value(); }

 private:
  std::uint64_t left_ = 0;
  std::uint64_t taken_ = 0;
  std::optional<Schedule> schedule_{};
  bool has_ended_ = false;
  Instant end_ = Instant::max();
};

}  // namespace load
