#pragma once

#include <memory>

#include <polymux/poller/poller.hpp>

namespace polymux::test {

/// A backend of this system from which every capability is taken: no edge, no urgent data, no hint,
/// no handle, time-outs in steps of 5 ms, numbers up to 2000. So the rules on what is absent are
/// tested wherever the suite runs, and a limit on numbers, which none of the backends has.
///
/// \return Null if neither poll nor select can be opened here.
[[nodiscard]] std::unique_ptr<Poller> open_restricted_poller();

}  // namespace polymux::test
