#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "answer.hpp"
#include "kind.hpp"
#include "multiplexer.hpp"

namespace probe {

/// The machine that was asked, and when.
struct System {
  std::string name;
  std::string release;
  std::string version;
  std::string machine;
  /// In UTC, as 2026-11-21T10:20:30Z.
  std::string date;
};
[[nodiscard]] System this_system();

/// What was chosen to be asked.
struct Choice {
  std::vector<const Kind*> kinds;
  std::vector<std::string_view> situations;
  std::vector<const Multiplexer*> multiplexers;
  std::vector<Interest> interests;
};

/// A kind in a situation, and what each multiplexer says of it, for each interest.
struct Row {
  const Kind* kind = nullptr;
  std::string_view situation = {};
  std::vector<Answer> answers = {};
};

struct Survey {
  System system;
  std::vector<const Kind*> kinds;
  std::vector<const Multiplexer*> multiplexers;
  std::vector<Interest> interests;
  std::vector<Row> rows;
};

/// Asks one multiplexer about one case, of which it makes a descriptor for this question alone.
[[nodiscard]] Answer ask(const Case& asked, const Multiplexer& multiplexer, Interest interest);

/// Asks everything that was chosen and is there. Bounded: no question takes longer than some tenths
/// of a second, most take microseconds. SIGPIPE has to be ignored, and signals of SIGIO stay
/// blocked in the thread that calls this.
[[nodiscard]] Survey survey(const Choice& choice);

}  // namespace probe
