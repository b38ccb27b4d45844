#pragma once

#include <sys/select.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <vector>

namespace bench::hand {

/// A set for select(2) of any size, which Linux takes, looked at a word at a time.
class SelectBits {
 public:
  void add(int fd) {
    const auto number = static_cast<std::size_t>(fd);
    if (number / bits >= words_.size()) words_.resize(number / bits + 1);
    words_[number / bits] |= 1UL << number % bits;
    limit_ = std::max(limit_, fd + 1);
  }
  void remove(int fd) noexcept {
    const auto number = static_cast<std::size_t>(fd);
    if (number / bits < words_.size()) words_[number / bits] &= ~(1UL << number % bits);
  }
  void copy_from(const SelectBits& other) { words_ = other.words_; }

  [[nodiscard]] int limit() const noexcept { return limit_; }
  fd_set* get() noexcept { return reinterpret_cast<fd_set*>(words_.data()); }

  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t at = 0; at < words_.size(); ++at) {
      for (auto word = words_[at]; word != 0; word &= word - 1) {
        visit(static_cast<int>(at * bits) + std::countr_zero(word));
      }
    }
  }

 private:
  static constexpr std::size_t bits = 8 * sizeof(unsigned long);
  std::vector<unsigned long> words_;
  int limit_ = 0;
};

}  // namespace bench::hand
