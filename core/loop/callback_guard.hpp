#pragma once

#include <functional>

namespace polymux {

/// Calls a function that its owner holds and that may destroy its owner: it is held here while it
/// runs, and given back, also after an exception, if the owner is still there.
///
/// \param destroyed  Where the owner's destructor notes that it ran; the owner keeps the address.
template <class Function, class... Arguments>
void call_guarded(Function& owned, bool*& destroyed, Arguments... arguments) {
  struct Guard {
    Function& owned;
    bool*& destroyed_flag;
    Function running;
    bool was_destroyed = false;

    Guard(Function& function, bool*& flag) noexcept : owned(function), destroyed_flag(flag) {
      running.swap(owned);
      destroyed_flag = &was_destroyed;
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() {
      if (was_destroyed) return;
      owned.swap(running);
      destroyed_flag = nullptr;
    }
  } guard(owned, destroyed);
  guard.running(arguments...);
}

}  // namespace polymux
