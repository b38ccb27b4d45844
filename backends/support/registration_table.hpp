#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <vector>

#include "backends/support/registration.hpp"

namespace polymux {

/// Registrations by descriptor number, in pages that never move: numbers are small and dense
/// (POSIX gives the lowest that is free), and a rare great one costs a page and not the whole
/// range.
class RegistrationTable {
 public:
  /// The registration of `fd`, or null.
  [[nodiscard]] Registration* find(int fd) noexcept {
    const auto number = static_cast<std::size_t>(fd);
    if (fd < 0 || number / page_size >= pages_.size() || !pages_[number / page_size])
      return nullptr;
    auto& entry = (*pages_[number / page_size])[number % page_size];
    return entry.state == Registration::State::vacant ? nullptr : &entry;
  }

  /// The place of a number that has had one, vacant by now or not.
  [[nodiscard]] Registration& at(int fd) noexcept {
    const auto number = static_cast<std::size_t>(fd);
    return (*pages_[number / page_size])[number % page_size];
  }

  /// The places of `fd` and of those after it, side by side, `count` in all: of a part of a page.
  /// One of them must have had a place.
  [[nodiscard]] Registration* row(int fd, std::size_t count) noexcept {
    assert(static_cast<std::size_t>(fd) % count == 0 && page_size % count == 0);
    static_cast<void>(count);
    return &at(fd);
  }

  /// The place for `fd`, which must not be negative. Throws `std::bad_alloc`.
  Registration& place(int fd) {
    const auto number = static_cast<std::size_t>(fd);
    if (number / page_size >= pages_.size()) pages_.resize(number / page_size + 1);
    auto& page = pages_[number / page_size];
    if (!page) page = std::make_unique<Page>();
    return (*page)[number % page_size];
  }

  /// Calls `visit(fd, registration)` for each, lowest number first.
  template <class Visitor>
  void for_each(Visitor visit) {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      if (!pages_[page]) continue;
      for (std::size_t index = 0; index < page_size; ++index) {
        auto& entry = (*pages_[page])[index];
        if (entry.state == Registration::State::vacant) continue;
        visit(static_cast<int>(page * page_size + index), entry);
      }
    }
  }

 private:
  static constexpr std::size_t page_size = 128;
  using Page = std::array<Registration, page_size>;

  std::vector<std::unique_ptr<Page>> pages_;
};

}  // namespace polymux
