#pragma once

#include <liburing.h>

#include <cstdint>
#include <system_error>

#include <polymux/poller/event.hpp>

#include "platform/unique_fd.hpp"

namespace polymux {

/// One io_uring: requests go in through memory, completions come out of memory, and one system call
/// hands over the requests and waits.
///
/// liburing makes the ring and lays out the requests. The tail of the requests is kept here, for
/// liburing's own wait may wait twice for what has a time-out.
///
/// One thread at a time. Nothing of it may be used in a child.
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  /// Closes it. The kernel gives back in its own time the files of requests that are under way.
  ~Ring();

  /// Makes a ring. The error says why there is none (refusal.hpp).
  [[nodiscard]] std::error_code open() noexcept;
  /// Gives it up without closing it, in a child by fork.
  void abandon() noexcept { is_open_ = false; }

  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  [[nodiscard]] int fd() const noexcept { return ring_.ring_fd; }
  /// True if a request that succeeds need not be answered (Linux 5.17).
  [[nodiscard]] bool can_skip_success() const noexcept;

  /// How many requests have not been handed over.
  [[nodiscard]] unsigned pending() const noexcept {
    return tail_ - io_uring_smp_load_acquire(ring_.sq.khead);
  }
  [[nodiscard]] bool is_full() const noexcept { return pending() == ring_.sq.ring_entries; }
  /// The place of the next request, empty; `enter` hands it over. Not to be called of a full ring.
  [[nodiscard]] io_uring_sqe& next_request() noexcept;

  /// Hands over the requests, and waits until there is a completion. One system call; more if the
  /// kernel stops at a request that fails.
  ///
  /// \param timeout  Zero does not wait. No error if it passes.
  /// \return What the kernel said, EINTR included. The requests that it did not take are kept.
  [[nodiscard]] std::error_code enter(Timeout timeout) noexcept;

  /// Calls `visit(data, result, has_more)` for each completion, and forgets it; `has_more` if
  /// others of the same request may follow. No system call, unless there were more than the ring
  /// has room for.
  template <class Visitor>
  void drain(Visitor visit) noexcept {
    do {
      unsigned head = 0;
      unsigned count = 0;
      io_uring_cqe* completion = nullptr;
      io_uring_for_each_cqe(&ring_, head, completion) {
        visit(std::uint64_t{completion->user_data}, int{completion->res},
              (completion->flags & IORING_CQE_F_MORE) != 0);
        ++count;
      }
      io_uring_cq_advance(&ring_, count);
    } while (flush_overflow());
  }

  /// True if the kernel had to drop completions since the last call, for want of memory.
  [[nodiscard]] bool has_lost() noexcept;

 private:
  [[nodiscard]] int enter_once(unsigned least, Timeout timeout) noexcept;
  bool flush_overflow() noexcept;

  io_uring ring_{};
  unsigned tail_ = 0;
  unsigned lost_ = 0;
  bool is_open_ = false;
};

}  // namespace polymux
