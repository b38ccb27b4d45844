#pragma once

#include <cstddef>
#include <string>

#include "survey.hpp"

namespace probe {

/// A line of a table: a case, and what was asked for.
struct Line {
  const Row* row = nullptr;
  Interest interest = Interest::all;
};

/// The lines worth a reader's time. With one interest chosen, all of it. With more, `all` for every
/// case; `read` only where that says something which `all` does not; `none` only where something is
/// told all the same.
[[nodiscard]] std::vector<Line> lines_of(const Survey& survey);

/// The text of a cell; empty where the multiplexer was not asked for that interest.
[[nodiscard]] std::string cell(const Line& line, const Multiplexer& multiplexer);

/// Why the whole row could not be made; empty if some of it could.
[[nodiscard]] std::string why_not_made(const Line& line);

/// As a table for the terminal. A cell that is wider than its column goes on in the next line,
/// broken at a space or after a separator.
/// \param width  Of the terminal, in columns; zero for as wide as it takes.
[[nodiscard]] std::string as_table(const Survey& survey, std::size_t width);

/// As a table of Markdown, under a line that says which system this is.
[[nodiscard]] std::string as_markdown(const Survey& survey);

/// As docs/schemas/probe.schema.json has it.
/// \param polymux_version  Of the program that asked.
[[nodiscard]] std::string as_json(const Survey& survey, const std::string& polymux_version);

}  // namespace probe
