// A page that the kernel zeroes in every child, however it was forked: fork, vfork without exec,
// or a bare clone, which pthread_atfork does not see.

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

#include "platform/process_epoch.hpp"

namespace polymux {
namespace {

using Epoch = std::atomic<std::uint64_t>;
static_assert(Epoch::is_always_lock_free, "read in signal handlers");

// Survives the fork, so that a child never takes its parent's number.
constinit Epoch newest{0};

std::uint64_t renew(Epoch& current) noexcept {
  std::uint64_t seen = 0;
  const auto mine = newest.fetch_add(1) + 1;
  return current.compare_exchange_strong(seen, mine) ? mine : seen;
}

Epoch* map_wiped_page() noexcept {
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
#if defined(MADV_WIPEONFORK)
  // Linux 4.14, madvise(2).
  const int failed = ::madvise(page, size, MADV_WIPEONFORK);
#elif defined(MAP_INHERIT_ZERO)
  // NetBSD and OpenBSD, minherit(2).
  const int failed = ::minherit(page, size, MAP_INHERIT_ZERO);
#else
  // FreeBSD 12, minherit(2).
  const int failed = ::minherit(page, size, INHERIT_ZERO);
#endif
  if (failed == 0) return new (page) Epoch(0);
  ::munmap(page, size);
  return nullptr;
}

Epoch* wiped_page() noexcept;

// An emulator may take the advice and not follow it (qemu-user 7.2 does): what fork runs in the
// child helps there.
void enter_child() {
  wiped_page()->store(0, std::memory_order_relaxed);
}

Epoch* wiped_page() noexcept {
  static Epoch* const page = [] {
    auto* const mapped = map_wiped_page();
    if (mapped != nullptr) ::pthread_atfork(nullptr, nullptr, enter_child);
    return mapped;
  }();
  return page;
}

// Before main, so that no signal handler is the first to ask. Who asks earlier gets the same page.
[[maybe_unused]] const bool is_mapped_early = wiped_page() != nullptr;

}  // namespace

std::uint64_t process_epoch() noexcept {
  auto* const wiped = wiped_page();
  // A kernel that cannot wipe: the process id is the next best, and costs a system call.
  if (wiped == nullptr) return static_cast<std::uint64_t>(::getpid());
  const auto epoch = wiped->load(std::memory_order_relaxed);
  return epoch != 0 ? epoch : renew(*wiped);
}

const std::atomic<std::uint64_t>* process_epoch_cell() noexcept {
  return wiped_page();
}

}  // namespace polymux
