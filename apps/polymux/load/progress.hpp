#pragma once

#include <string>

#include "clock.hpp"
#include "worker.hpp"

namespace load {

/// The line that a terminal shows while a load runs: rates are those since the last line.
class ProgressLine {
 public:
  explicit ProgressLine(Instant start) noexcept : start_(start), last_(start) {}

  [[nodiscard]] std::string next(const Worker::Progress& progress, Instant now);

 private:
  Instant start_;
  Instant last_;
  Worker::Progress before_{};
};

}  // namespace load
