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
    /// Reported as often as it is ready.
    armed,
    /// A oneshot that is reported once.
    armed_once,
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

  [[nodiscard]] static State armed_by(Trigger trigger) noexcept {
    return trigger == Trigger::oneshot ? State::armed_once : State::armed;
  }

  [[nodiscard]] bool is_armed() const noexcept {
    return state == State::armed || state == State::armed_once;
  }

  /// What is to be watched for at present.
  [[nodiscard]] Interest wanted() const noexcept { return is_armed() ? interest : Interest::none; }
};
static_assert(sizeof(Registration) == 24);

}  // namespace polymux
