#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <polymux/poller/event.hpp>

namespace polymux::testing {

/// One registration, as the caller made it.
struct Watch {
  int fd = -1;
  Token token{};
  Interest interest = Interest::none;
  Trigger trigger = Trigger::level;
  /// A oneshot that the caller was told of, by mistake or not: the rest of it is dropped.
  bool is_silent = false;
  /// For one that is late: the waits that are still to go without it. Zero: the next one tells it.
  std::optional<std::size_t> misses{};
};

/// Who is registered, in the order of the numbers. Allocates only where it has never been so large.
class WatchTable {
 public:
  /// Makes room for one more. Throws `std::bad_alloc`.
  void reserve_one() {
    if (watches_.size() == watches_.capacity()) watches_.reserve(2 * watches_.size() + 16);
  }

  /// Adds, or replaces what has this number. `reserve_one` came before.
  void put(const Watch& watch) noexcept {
    const auto place = position(watch.fd);
    if (place != watches_.end() && place->fd == watch.fd) {
      *place = watch;
    } else {
      watches_.insert(place, watch);
    }
  }

  /// Null if there is none.
  [[nodiscard]] Watch* find(int fd) noexcept {
    const auto place = position(fd);
    return place != watches_.end() && place->fd == fd ? &*place : nullptr;
  }

  void erase(int fd) noexcept {
    const auto place = position(fd);
    if (place != watches_.end() && place->fd == fd) watches_.erase(place);
  }

  [[nodiscard]] std::span<Watch> all() noexcept { return watches_; }

 private:
  [[nodiscard]] std::vector<Watch>::iterator position(int fd) noexcept {
    return std::lower_bound(watches_.begin(), watches_.end(), fd,
                            [](const Watch& watch, int number) { return watch.fd < number; });
  }

  std::vector<Watch> watches_;
};

}  // namespace polymux::testing
