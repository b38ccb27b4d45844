#pragma once

#include <cstdint>

#include <polymux/poller/event.hpp>

#include "platform/descriptors.hpp"

namespace polymux {

/// What a poller knows of one descriptor. Kept small: one exists for each number in use.
struct Registration {
  enum class State : std::uint8_t {
    /// Nothing is registered under the number.
    vacant,
    armed,
    /// A oneshot that has fired, or interest in urgent data alone of what has ended; `modify` arms
    /// it again.
    fired,
    /// Found closed and reported as invalid; silent until it is removed.
    invalid,
  };

  Token token{};
  /// The backend's own: a slot in its array, or a generation.
  std::uint32_t key = 0;
  DescriptorInfo file{};
  Interest interest = Interest::none;
  Trigger trigger = Trigger::level;
  State state = State::vacant;
  /// The backend's own: a count, a flag.
  std::uint8_t note = 0;

  /// Reported as often as it is ready, and for nothing else than was asked for.
  [[nodiscard]] bool is_plain() const noexcept {
    return state == State::armed && trigger != Trigger::oneshot;
  }

  /// What is to be watched for at present.
  [[nodiscard]] Interest wanted() const noexcept {
    return state == State::armed ? interest : Interest::none;
  }
};
static_assert(sizeof(Registration) == 24);

}  // namespace polymux
