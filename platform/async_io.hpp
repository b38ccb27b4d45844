#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <system_error>

namespace polymux {

/// POSIX AIO on sockets, as a library of threads has it (aio(7), "The current Linux POSIX AIO
/// implementation"): a request blocks in a thread, so the socket must block, and as many can wait
/// as there are threads. Requests of one number are carried out one after the other, also if one
/// reads and the other writes; those of different numbers are independent, of one socket too.
namespace async_io {

/// \return Nothing if this system has it, and otherwise why not, for people.
[[nodiscard]] const char* why_missing() noexcept;

/// So many requests may wait at a time in this process. Counts if no request has been made.
void allow(int requests) noexcept;

/// What the process gets when a request is done: SIGURG, which has no effect of its own, and of
/// which several may be told as one. It has to be unblocked in some thread.
[[nodiscard]] int done_signal() noexcept;

}  // namespace async_io

/// One request at a time, which is carried out by another thread.
///
/// \par Threads  One, which need not be the one that it was made in.
class AsyncTransfer {
 public:
  /// Throws `std::bad_alloc`.
  AsyncTransfer();
  AsyncTransfer(const AsyncTransfer&) = delete;
  AsyncTransfer& operator=(const AsyncTransfer&) = delete;
  /// Must not be under way.
  ~AsyncTransfer();

  /// Begins to read what comes, at most `room`, or to write all of `bytes`, without SIGPIPE. Memory
  /// and descriptor stay in use until `is_done`.
  [[nodiscard]] std::error_code read(int fd, std::span<char> room) noexcept;
  [[nodiscard]] std::error_code write(int fd, std::span<const char> bytes) noexcept;

  [[nodiscard]] bool is_under_way() const noexcept { return is_under_way_; }
  /// Of one that is under way: looks, and never waits.
  [[nodiscard]] bool is_done() const noexcept;
  /// Waits until it is.
  void await() const noexcept;
  /// Takes it back if it was not begun; it is done then, with ECANCELED. False if it was.
  [[nodiscard]] bool withdraw() noexcept;
  /// Once, of one that is done: the count, or an errno turned negative.
  [[nodiscard]] int take_result() noexcept;

 private:
  struct Block;

  std::unique_ptr<Block> block_;
  bool is_under_way_ = false;
};

}  // namespace polymux
