#pragma once

namespace polymux::test {

/// Makes one allocation of this program fail while it lives, by `operator new`, in any thread.
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
