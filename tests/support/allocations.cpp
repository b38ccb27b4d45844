// Replaces operator new by one that counts, and that can fail. All forms but the aligned ones,
// since a sanitizer that brings its own takes a mixture for a mistake.

#include "tests/support/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> count{0};

constexpr int never = -1;
/// How many may still succeed before one fails.
std::atomic<int> left{never};
std::atomic<bool> failed{false};

bool fails_now() noexcept {
  int now = left.load();
  while (now != never && !left.compare_exchange_weak(now, now - 1)) {
  }
  if (now == 0) failed.store(true);
  return now == 0;
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return fails_now() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t& /*tag*/) noexcept {
  std::free(memory);
}

namespace polymux::test {

std::size_t allocations() noexcept {
  return count.load(std::memory_order_relaxed);
}

FailingAllocation::FailingAllocation(int skipped) noexcept {
  failed.store(false);
  left.store(skipped);
}

FailingAllocation::~FailingAllocation() {
  left.store(never);
}

bool FailingAllocation::has_failed() const noexcept {
  return failed.load();
}

}  // namespace polymux::test
