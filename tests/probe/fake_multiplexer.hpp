#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "apps/polymux/probe/multiplexer.hpp"

namespace probe::test {

/// What a fake multiplexer is to say, and what was done with it. One at a time.
struct Script {
  /// What the looks say, in their order; after them, nothing.
  std::deque<Flags> says;
  /// What they say until it happens.
  std::deque<Flags> says_before;
  bool is_waiting_for_it = false;
  std::vector<std::string> log;
  int refuses_with = 0;
  int fails_with = 0;
  /// So many looks, and then they fail.
  std::size_t fails_after = 0;
  bool says_the_same_for_ever = false;
};
[[nodiscard]] Script& script();

inline constexpr Interest interests[] = {Interest::all, Interest::read, Interest::none};

[[nodiscard]] const Opening& fake_opening();

[[nodiscard]] inline Multiplexer fake(Telling telling, bool is_told_late = false) {
  return {.name = "fake",
          .summary = "a fake",
          .opening = &fake_opening(),
          .interests = interests,
          .telling = telling,
          .is_told_late = is_told_late};
}

}  // namespace probe::test
