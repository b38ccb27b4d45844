#pragma once

#include <cstddef>
#include <vector>

#include "backends/support/registration_table.hpp"

namespace polymux {

/// The numbers whose requests have to be made anew, in the order in which they are due: who was
/// left out comes before who was told.
///
/// A registration is in it once at most, which a bit of its `note` says. One that goes leaves its
/// number behind, which is passed over.
class ArmQueue {
 public:
  /// Of `Registration::note`.
  static constexpr std::uint8_t is_queued = 2;

  explicit ArmQueue(RegistrationTable& table) noexcept : table_(table) {}

  /// Makes room for as many registrations, all told. Throws `std::bad_alloc`; `push` does not.
  void reserve_for(std::size_t registrations);

  /// Puts a registration at the end, if it is not there.
  void push(int fd, Registration& registration) noexcept;
  /// To be told of a registration that is about to go.
  void forget(const Registration& gone) noexcept;

  /// Numbers, those included that are passed over.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  /// Takes the first number out; -1 if it is passed over. Not to be called of an empty queue.
  int pop() noexcept;

 private:
  void push_number(int fd) noexcept;
  int pop_number() noexcept;
  void drop_dead() noexcept;

  RegistrationTable& table_;
  /// Goes round; a power of two.
  std::vector<int> numbers_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t dead_ = 0;
};

}  // namespace polymux
