#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/poller/poller.hpp>

#include "tests/differential/contract.hpp"
#include "tests/differential/sequence.hpp"

namespace polymux::differential {

/// What is played to: a poller of any origin, fresh for each sequence.
struct Subject {
  std::string name;
  std::function<std::unique_ptr<Poller>()> open;
  Licence licence{};
  /// It stands in for the kernel's own, which it does not do in all (docs/backends.md, libkqueue).
  bool is_emulated = false;
  /// How long a wait that must end may last; only a poller that is broken takes all of it.
  std::chrono::milliseconds patience{5000};
};

/// A backend of this library, by its name.
[[nodiscard]] Subject subject_of(std::string_view backend);

/// What was done, for figures.
struct Tally {
  std::uint64_t sequences = 0;
  std::uint64_t operations = 0;
  std::uint64_t waits = 0;
  std::uint64_t events = 0;
  std::uint64_t refusals = 0;
  /// Registrations that libevent was asked about too.
  std::uint64_t second_opinions = 0;
};

/// Plays a sequence to a fresh poller and holds every answer against the contract, and what is
/// readable and writable against libevent too.
///
/// \return What diverged first: the step, the rule and what was wrong. Empty if nothing did.
[[nodiscard]] std::string play(const Subject& subject, const Sequence& sequence,
                               Tally* tally = nullptr);

/// Plays it to every backend that can be used here, but to an emulated one only if nothing is
/// closed without `remove`, replaced, left with an error or urgent. Returns the first divergence,
/// after the name of the backend.
[[nodiscard]] std::string play_everywhere(const Sequence& sequence);

/// The backends that can be used here.
[[nodiscard]] std::vector<std::string> usable_backends();

}  // namespace polymux::differential
