#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <system_error>

#include "platform/process_epoch.hpp"
#include "platform/signals.hpp"
#include "platform/wakeup.hpp"

namespace polymux {

/// A set of signal numbers that a handler can change and another thread read.
class SignalBits {
 public:
  void set(int number) noexcept { word(number).fetch_or(bit(number)); }
  void reset(int number) noexcept { word(number).fetch_and(~bit(number)); }
  [[nodiscard]] bool test(int number) const noexcept {
    return (words_[index(number)].load() & bit(number)) != 0;
  }
  /// Takes a number out; true if it was there.
  [[nodiscard]] bool take(int number) noexcept {
    return test(number) && (word(number).fetch_and(~bit(number)) & bit(number)) != 0;
  }
  void clear() noexcept {
    for (auto& word : words_) word.store(0);
  }

 private:
  using Word = std::uint32_t;
  static_assert(std::atomic<Word>::is_always_lock_free, "used in signal handlers");

  static std::size_t index(int number) noexcept { return static_cast<std::size_t>(number) / 32; }
  static Word bit(int number) noexcept { return Word{1} << (static_cast<unsigned>(number) % 32); }
  std::atomic<Word>& word(int number) noexcept { return words_[index(number)]; }

  std::array<std::atomic<Word>, (greatest_signal + 1) / 32> words_{};
};

/// Where signals for one receiver, a loop say, arrive. Never destroyed, only used again: a handler
/// that runs in another thread may be looking at it at any time.
struct SignalBox {
  SignalBits wanted;
  SignalBits pending;
  Wakeup wakeup;
  ProcessMark process;
  std::atomic<bool> is_used{false};
  SignalBox* next = nullptr;
};

/// The process's part of watching signals: one handler, which tells every box that wants the
/// signal.
namespace signal_hub {

/// Gives a box for one receiver, or the system's error. Any thread. Throws `std::bad_alloc`.
[[nodiscard]] std::error_code acquire(SignalBox*& box);
void release(SignalBox& box) noexcept;

/// Has `number` delivered to `box`. Not counted: a box wants a signal or does not.
[[nodiscard]] std::error_code subscribe(SignalBox& box, int number);
void unsubscribe(SignalBox& box, int number) noexcept;

}  // namespace signal_hub
}  // namespace polymux
