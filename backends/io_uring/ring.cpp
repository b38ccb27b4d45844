#include "backends/io_uring/ring.hpp"

#include <cerrno>

#include "backends/io_uring/refusal.hpp"
#include "platform/timespec.hpp"

namespace polymux {
namespace {

// Before Linux 5.12 a ring is locked memory, of which a user may have 64 KiB for all of his: this
// takes half. More than that at a time is handed over in parts.
constexpr unsigned most_requests = 256;
constexpr unsigned most_completions = 1024;

std::error_code to_error(int result) noexcept {
  return result < 0 ? std::error_code(-result, std::system_category()) : std::error_code{};
}

}  // namespace

Ring::~Ring() {
  if (is_open_) io_uring_queue_exit(&ring_);
}

std::error_code Ring::open() noexcept {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  parameters.cq_entries = most_completions;
  const int result = io_uring_queue_init_params(most_requests, &ring_, &parameters);
  if (result < 0) return to_refusal(-result);
  is_open_ = true;
  // The last of them tells Linux 5.13, where requests with more than one answer are.
  const auto needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_RSRC_TAGS;
  if ((parameters.features & needed) != needed) return kernel_too_old();
  // Requests are handed over in the order of their places.
  for (unsigned index = 0; index < ring_.sq.ring_entries; ++index) ring_.sq.array[index] = index;
  // A sandbox may allow to make a ring and not to use it.
  const int entered = enter_once(0, std::chrono::nanoseconds::zero());
  return entered < 0 ? to_refusal(-entered) : std::error_code{};
}

bool Ring::can_skip_success() const noexcept {
  return (ring_.features & IORING_FEAT_CQE_SKIP) != 0;
}

io_uring_sqe& Ring::next_request() noexcept {
  auto& request = ring_.sq.sqes[tail_ & ring_.sq.ring_mask];
  request = {};
  ++tail_;
  return request;
}

std::error_code Ring::enter(Timeout timeout) noexcept {
  const bool sleeps = !timeout || *timeout > timeout->zero();
  auto left = pending();
  int result = enter_once(sleeps ? 1 : 0, timeout);
  // An old kernel stops behind a request that fails at once, such as of a closed number.
  while (result >= 0 && pending() > 0 && pending() < left) {
    left = pending();
    result = enter_once(0, std::chrono::nanoseconds::zero());
  }
  return result == -ETIME ? std::error_code{} : to_error(result);
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes what the kernel shares.
int Ring::enter_once(unsigned least, Timeout timeout) noexcept {
  io_uring_smp_store_release(ring_.sq.ktail, tail_);
  const auto left = to_timespec(timeout);
  __kernel_timespec until{};
  io_uring_getevents_arg argument{};
  if (left) {
    until.tv_sec = left->tv_sec;
    until.tv_nsec = left->tv_nsec;
    argument.ts = reinterpret_cast<std::uintptr_t>(&until);
  }
  // Also without a wait: it lets the kernel post what is due.
  const unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
  return io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), pending(), least, flags,
                         reinterpret_cast<sigset_t*>(&argument), sizeof argument);
}

bool Ring::flush_overflow() noexcept {
  if (!io_uring_cq_has_overflow(&ring_)) return false;
  // It moves what had no room into the ring, which is empty by now.
  return enter_once(0, std::chrono::nanoseconds::zero()) >= 0 && io_uring_cq_ready(&ring_) > 0;
}

bool Ring::has_lost() noexcept {
  const auto lost = IO_URING_READ_ONCE(*ring_.cq.koverflow);
  if (lost == lost_) return false;
  lost_ = lost;
  return true;
}

}  // namespace polymux
