#pragma once

#include <cstddef>

namespace polymux::test {

/// Calls of operator new by this process so far. Counted in programs that link
/// polymux_test_allocations.
[[nodiscard]] std::size_t allocations() noexcept;

/// Makes one allocation of this program fail while it lives, by `operator new`, in any thread. In
/// programs that link polymux_test_allocations.
class FailingAllocation {
 public:
  /// \param skipped  So many allocations succeed first.
  explicit FailingAllocation(int skipped) noexcept;
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation();

  /// Whether it has come to that.
  [[nodiscard]] bool has_failed() const noexcept;
};

}  // namespace polymux::test
