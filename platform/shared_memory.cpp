#include "platform/shared_memory.hpp"

#include <sys/mman.h>

#include "platform/system_error.hpp"

namespace polymux {

SharedMemory::~SharedMemory() {
  if (start_ != nullptr) ::munmap(start_, bytes_);
}

std::error_code SharedMemory::open(std::size_t bytes) noexcept {
  void* const start = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
  if (start == MAP_FAILED) return last_error();
  start_ = start;
  bytes_ = bytes;
  return {};
}

}  // namespace polymux
