#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace bench {

/// So many objects side by side that are neither copied nor moved. They are not destroyed: the
/// process ends with the measurement.
template <class Object>
class FixedArray {
 public:
  /// \param make  Given the address and the index, constructs the object there.
  template <class Make>
  FixedArray(std::size_t count, Make make)
      : objects_(std::allocator<Object>().allocate(count)), count_(count) {
    for (std::size_t index = 0; index < count; ++index) make(objects_ + index, index);
  }
  FixedArray(const FixedArray&) = delete;
  FixedArray& operator=(const FixedArray&) = delete;
  ~FixedArray() = default;

  Object& operator[](std::size_t index) noexcept { return objects_[index]; }
  Object* begin() noexcept { return objects_; }
  Object* end() noexcept { return objects_ + count_; }

 private:
  Object* objects_;
  std::size_t count_;
};

}  // namespace bench
