#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace probe {

/// What a multiplexer is asked for.
enum class Interest : unsigned char {
  all,   ///< everything that it can tell
  read,  ///< only whether something can be read
  none   ///< nothing: what is told all the same was not asked for
};
[[nodiscard]] std::span<const Interest> all_interests() noexcept;
[[nodiscard]] std::string_view to_string(Interest interest) noexcept;

/// What one look says, in the kernel's words without their prefix: `IN`, `RDHUP`. Empty: nothing.
using Flags = std::vector<std::string>;

/// A multiplexer that is asked about one descriptor. No call blocks for longer than it was given.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// Tells of the descriptor. Called once. Throws Refusal if the system does not take it.
  virtual void watch(int fd, Interest interest) = 0;
  /// What it says now, or as soon as it says something within `patience`. Those that look at the
  /// descriptor itself have nothing to wait for.
  /// Throws SystemFailure if the call fails, Refusal if that is how the system refuses.
  [[nodiscard]] virtual Flags look(std::chrono::milliseconds patience) = 0;
  /// What `watch` was refused for while something else was taken: `WRITE: EPIPE`.
  [[nodiscard]] virtual Flags refused_in_part() const { return {}; }
};

/// How often a multiplexer tells the same.
enum class Telling : unsigned char {
  level,    ///< as long as it holds
  changes,  ///< when something changes
  queue     ///< each change, one after the other
};
[[nodiscard]] std::string_view to_string(Telling telling) noexcept;

/// How a system opens one. Each multiplexer has one, in a file that CMake picks.
struct Opening {
  /// Throws SystemFailure where it cannot be had.
  std::unique_ptr<Session> (*open)() = nullptr;
  /// Why this system has none; empty if it has.
  std::string_view absent = {};
};

/// A way to ask the system.
struct Multiplexer {
  std::string_view name = {};
  std::string_view summary = {};
  const Opening* opening = nullptr;
  std::span<const Interest> interests = {};
  Telling telling = Telling::level;
  /// Told of the descriptor when the situation holds already, instead of before.
  bool is_told_late = false;
  /// Between the flags of one look.
  char separator = '|';

  [[nodiscard]] bool is_available() const noexcept { return opening->absent.empty(); }
};

/// Every multiplexer that the probe knows, on whatever system, in the order in which they are
/// shown.
[[nodiscard]] std::span<const Multiplexer> all_multiplexers() noexcept;

}  // namespace probe
