#include "progress.hpp"

#include "units.hpp"

namespace load {

std::string ProgressLine::next(const Worker::Progress& progress, Instant now) {
  const auto in_seconds = [](nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  const auto passed = in_seconds(now - last_);
  const auto rate = [&](std::uint64_t after, std::uint64_t before) {
    return passed > 0 ? static_cast<double>(after - before) / passed : 0;
  };
  auto line = fixed(in_seconds(now - start_), 0) + " s  " +
              with_commas(static_cast<std::uint64_t>(rate(progress.answered, before_.answered))) +
              " answers/s  " + describe_bytes(rate(progress.bytes, before_.bytes)) + "/s  " +
              with_commas(progress.open) + " open";
  if (progress.failed > 0) line += "  " + with_commas(progress.failed) + " failed";
  last_ = now;
  before_ = progress;
  return line;
}

}  // namespace load
