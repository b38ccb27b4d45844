// Of systems whose POSIX AIO is none for sockets, or another than the one that is known here.

#include <csignal>

#include "platform/async_io.hpp"

namespace polymux {
namespace async_io {

const char* why_missing() noexcept {
  return "POSIX AIO is taken from the GNU C library from 2.34 on; OpenBSD has none, and that of "
         "macOS is for files";
}

void allow(int /*requests*/) noexcept {}

int done_signal() noexcept {
  return SIGURG;
}

}  // namespace async_io

struct AsyncTransfer::Block {};

AsyncTransfer::AsyncTransfer() = default;

AsyncTransfer::~AsyncTransfer() = default;

std::error_code AsyncTransfer::read(int /*fd*/, std::span<char> /*room*/) noexcept {
  return std::make_error_code(std::errc::function_not_supported);
}

std::error_code AsyncTransfer::write(int /*fd*/, std::span<const char> /*bytes*/) noexcept {
  return std::make_error_code(std::errc::function_not_supported);
}

bool AsyncTransfer::is_done() const noexcept {
  return true;
}

void AsyncTransfer::await() const noexcept {}

bool AsyncTransfer::withdraw() noexcept {
  return false;
}

int AsyncTransfer::take_result() noexcept {
  return 0;
}

}  // namespace polymux
