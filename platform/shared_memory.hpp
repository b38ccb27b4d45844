#pragma once

#include <cstddef>
#include <new>
#include <system_error>
#include <type_traits>

namespace polymux {

/// Memory without a name, all zeros at first, that a process and its children by fork have in
/// common.
class SharedMemory {
 public:
  SharedMemory() = default;
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  [[nodiscard]] std::error_code open(std::size_t bytes) noexcept;
  [[nodiscard]] void* get() const noexcept { return start_; }

 private:
  void* start_ = nullptr;
  std::size_t bytes_ = 0;
};

/// `count` values in such memory. Those that several processes change have to be atomics without
/// locks.
template <class Value>
class SharedArray {
  static_assert(std::is_trivially_destructible_v<Value>, "nobody knows who is the last");

 public:
  [[nodiscard]] std::error_code open(std::size_t count) noexcept {
    if (const auto error = memory_.open(count * sizeof(Value))) return error;
    values_ = static_cast<Value*>(memory_.get());
    for (std::size_t at = 0; at < count; ++at) new (values_ + at) Value{};
    return {};
  }
  [[nodiscard]] Value& operator[](std::size_t at) const noexcept { return values_[at]; }

 private:
  SharedMemory memory_;
  Value* values_ = nullptr;
};

}  // namespace polymux
