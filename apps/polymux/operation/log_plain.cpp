// Where spdlog is not: text alone.

#include <cstdio>
#include <new>

#include "apps/polymux/operation/log.hpp"

namespace operation {

struct Log::Sink {};

Log::Log(LogLevel least, LogFormat /*format*/) : least_(least) {}

Log::~Log() = default;

void Log::write_always(LogLevel /*level*/, std::string_view message) noexcept {
  try {
    const auto line = "polymux: " + in_one_line(message) + '\n';
    // Where it goes is all that could be told of a failure.
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
  } catch (const std::bad_alloc&) {
    static_cast<void>(std::fputs("polymux: out of memory\n", stderr));
  }
}

std::string Log::why_not(LogFormat format) {
  if (format == LogFormat::text) return {};
  return "this build has text alone, for spdlog was not found when it was made";
}

}  // namespace operation
