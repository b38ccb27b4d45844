// What both kinds of wake-up share: they differ in how they are opened and in what is written.

#include "platform/wakeup.hpp"

namespace polymux {

void Wakeup::abandon() noexcept {
  static_cast<void>(read_end_.release());
  static_cast<void>(write_end_.release());
}

}  // namespace polymux
