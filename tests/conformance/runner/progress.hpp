#pragma once

#include <cstddef>
#include <string_view>

#include "tests/conformance/runner/isolated_test.hpp"

namespace polymux::conformance {

/// One line on stderr that tells how far it is; nothing where that is no terminal.
class Progress {
 public:
  explicit Progress(std::size_t all);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Wipes the line.
  ~Progress();

  void tell(std::string_view subject, std::string_view test, Outcome outcome);

 private:
  std::size_t all_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  bool is_shown_;
};

}  // namespace polymux::conformance
