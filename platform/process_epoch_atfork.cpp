// For systems that cannot zero a page in a child (macOS, older BSDs): a handler that fork(2) runs.
// A child made by a bare system call is not seen.

#include <pthread.h>

#include <atomic>

#include "platform/process_epoch.hpp"

namespace polymux {
namespace {

constinit std::atomic<std::uint64_t> epoch{1};

void enter_child() {
  epoch.fetch_add(1);
}

const int registered = ::pthread_atfork(nullptr, nullptr, enter_child);

}  // namespace

std::uint64_t process_epoch() noexcept {
  static_cast<void>(registered);
  return epoch.load(std::memory_order_relaxed);
}

const std::atomic<std::uint64_t>* process_epoch_cell() noexcept {
  return &epoch;
}

}  // namespace polymux
