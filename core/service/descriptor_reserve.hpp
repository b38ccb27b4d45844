#pragma once

#include "platform/unique_fd.hpp"

namespace polymux {

/// One descriptor that is kept open for nothing, to be given up when none is left: with it a client
/// can still be accepted, and so be refused.
class DescriptorReserve {
 public:
  DescriptorReserve() noexcept { fill(); }

  /// Takes one, if none is held. False if none can be had.
  bool fill() noexcept;

  void give_up() noexcept { held_.reset(); }

 private:
  UniqueFd held_;
};

}  // namespace polymux
