#include "core/loop/turn_end.hpp"

namespace polymux {

void TurnEnd::withdraw() noexcept {
  auto** link = &loop_.turn_ends_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
}

}  // namespace polymux
