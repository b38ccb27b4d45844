#include "tests/conformance/runner/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace polymux::conformance {
namespace {

constexpr const char* wipe_line = "\r\x1b[K";
// Longer than that a line would be broken, and not be wiped whole.
constexpr std::size_t greatest_width = 79;

}  // namespace

Progress::Progress(std::size_t all) : all_(all), is_shown_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (is_shown_) static_cast<void>(std::fputs(wipe_line, stderr));
}

void Progress::tell(std::string_view subject, std::string_view test, Outcome outcome) {
  ++done_;
  if (outcome == Outcome::failed) ++failed_;
  if (!is_shown_) return;
  std::string line = "[" + std::to_string(done_) + "/" + std::to_string(all_) + "] ";
  if (failed_ > 0) line += std::to_string(failed_) + " failed; ";
  line.append(subject).append(".").append(test);
  if (line.size() > greatest_width) line.resize(greatest_width);
  static_cast<void>(std::fputs((wipe_line + line).c_str(), stderr));
  static_cast<void>(std::fflush(stderr));
}

}  // namespace polymux::conformance
