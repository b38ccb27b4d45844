#pragma once

#include <stdexcept>

namespace load {

/// An argument that cannot be right. What the system refuses is another `std::runtime_error`.
class WrongUsage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace load
