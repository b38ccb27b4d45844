// The GNU C library's: aio_read(3) and its kin, by threads.

#include <aio.h>
#include <csignal>

#include <cerrno>

#include "platform/async_io.hpp"
#include "platform/system_error.hpp"

#if defined(__has_feature)
#define POLYMUX_HAS_FEATURE(name) __has_feature(name)
#else
#define POLYMUX_HAS_FEATURE(name) 0
#endif

namespace polymux {
namespace async_io {

const char* why_missing() noexcept {
#if defined(__SANITIZE_THREAD__) || POLYMUX_HAS_FEATURE(thread_sanitizer)
  // It sees pthread_create(3) alone, and dies of the first allocation of a thread that was made
  // inside the C library.
  return "ThreadSanitizer knows nothing of the threads that the C library makes for it";
#else
  return nullptr;
#endif
}

void allow(int requests) noexcept {
  aioinit settings{};
  settings.aio_threads = requests;
  settings.aio_num = requests;
  ::aio_init(&settings);
}

int done_signal() noexcept {
  return SIGURG;
}

}  // namespace async_io

// No member of the type, whose header has an array without elements in it.
struct AsyncTransfer::Block : aiocb {
  Block() noexcept : aiocb{} {}

  // Not const for reading alone, and never written through for writing.
  void prepare(int fd, const volatile void* memory, std::size_t size) noexcept {
    *this = {};
    aio_fildes = fd;
    aio_buf = const_cast<volatile void*>(memory);
    aio_nbytes = size;
    aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    aio_sigevent.sigev_signo = async_io::done_signal();
  }
};

AsyncTransfer::AsyncTransfer() : block_(std::make_unique<Block>()) {}

AsyncTransfer::~AsyncTransfer() = default;

std::error_code AsyncTransfer::read(int fd, std::span<char> room) noexcept {
  block_->prepare(fd, room.data(), room.size());
  if (::aio_read(block_.get()) != 0) return last_error();
  is_under_way_ = true;
  return {};
}

std::error_code AsyncTransfer::write(int fd, std::span<const char> bytes) noexcept {
  // The threads block all signals: a SIGPIPE of write(2), which is the thread's, has no effect.
  block_->prepare(fd, bytes.data(), bytes.size());
  if (::aio_write(block_.get()) != 0) return last_error();
  is_under_way_ = true;
  return {};
}

bool AsyncTransfer::is_done() const noexcept {
  return ::aio_error(block_.get()) != EINPROGRESS;
}

void AsyncTransfer::await() const noexcept {
  const aiocb* const list[] = {block_.get()};
  // Interrupted by signals: it is asked again.
  while (!is_done()) static_cast<void>(::aio_suspend(list, 1, nullptr));
}

bool AsyncTransfer::withdraw() noexcept {
  return ::aio_cancel(block_->aio_fildes, block_.get()) == AIO_CANCELED;
}

int AsyncTransfer::take_result() noexcept {
  const int error = ::aio_error(block_.get());
  const auto count = ::aio_return(block_.get());
  is_under_way_ = false;
  return error != 0 ? -error : static_cast<int>(count);
}

}  // namespace polymux
