#pragma once

namespace load {

/// Asks the system not to let this thread's waits end later than they were asked to, so that others
/// may end with them.
void wait_exactly() noexcept;

}  // namespace load
