#include <sys/select.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <limits>

#include "backends/select/descriptor_sets.hpp"
#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "core/poller/backend_info.hpp"
#include "platform/descriptor_witness.hpp"
#include "platform/system_error.hpp"
#include "platform/timespec.hpp"

namespace polymux {
namespace {

class SelectPoller final : public CheckedPoller {
 public:
  explicit SelectPoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}
  ~SelectPoller() override {
    if (is_foreign_process()) witness_.abandon();
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = open_wakeup()) return error;
    reserve(wakeup_fd());
    watch(wakeup_fd(), {.read = true});
    return {};
  }

 private:
  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    reserve(fd);
    if (const auto error = witness_.admit(fd, fresh.file, known ? &known->file : nullptr)) {
      return error;
    }
    watch(fd, to_bits(fresh.wanted()));
    return {};
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    if (const auto error = witness_.confirm(fd, current.file)) return error;
    watch(fd, to_bits(changed.wanted()));
    return {};
  }

  void detach(int fd, const Registration& gone) noexcept override {
    witness_.forget(fd, gone.file);
    watch(fd, {});
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    int found = select_once(timeout);
    std::size_t closed = 0;
    if (found < 0 && errno == EBADF) {
      closed = report_closed(out);
      if (closed == out.size()) return {.count = closed};
      // What is ready beside them comes in the same wait.
      found = select_once(std::chrono::nanoseconds::zero());
    }
    if (found < 0) return closed > 0 ? Look{.count = closed} : Look{.error = last_error()};
    if (found > 0 && ready_.get(wakeup_fd()).read) {
      ready_.set(wakeup_fd(), {});
      clear_wakeup();
      --found;
    }
    return {.count = closed + (found > 0 ? collect(out.subspan(closed)) : 0)};
  }

  using Word = DescriptorSets::Word;
  static constexpr auto word_bits = DescriptorSets::bits;
  static constexpr auto every_bit = static_cast<Word>(~Word{0});

  // Goes round, word by word, from where the last one stopped, so that a small buffer starves
  // nobody.
  std::size_t collect(std::span<Event> out) noexcept {
    if (cursor_ >= end_) cursor_ = 0;
    const auto words = words_in_use();
    const auto first = cursor_ / word_bits;
    const auto from_cursor = static_cast<Word>(every_bit << (cursor_ % word_bits));
    auto* place = out.data();
    auto* const end = place + out.size();
    place = report_word(first, from_cursor, place, end);
    place = report_words(first + 1, words, place, end);
    place = report_words(0, first, place, end);
    place = report_word(first, static_cast<Word>(~from_cursor), place, end);
    return static_cast<std::size_t>(place - out.data());
  }

  // As far as there is room.
  Event* report_words(std::size_t from, std::size_t to, Event* place, Event* end) noexcept {
    for (auto word = from; place != end; ++word) {
      word = ready_.next_used(word, to);
      if (word >= to) break;
      place = report_word(word, every_bit, place, end);
    }
    return place;
  }

  // Those that the mask lets through.
  Event* report_word(std::size_t word, Word mask, Event* place, Event* end) noexcept {
    const auto ready = ready_.at(word);
    auto rest = static_cast<Word>(ready.any() & mask);
    if (rest == 0 || place == end) return place;
    const auto first = static_cast<int>(word * word_bits);
    auto* const row = registrations().row(first, word_bits);
    int bit = 0;
    do {
      bit = std::countr_zero(rest);
      auto& registration = row[bit];
      *place++ = {registration.token, to_ready(ready, bit)};
      if (registration.trigger == Trigger::oneshot) {
        silence(first + bit, registration, State::fired);
      }
      rest &= rest - 1;
    } while (rest != 0 && place != end);
    cursor_ = static_cast<std::size_t>(first + bit) + 1;
    return place;
  }

  static Ready to_ready(const DescriptorSets::Words& ready, int bit) noexcept {
    const auto directions = (ready.read >> bit & 1U) * static_cast<unsigned>(Ready::readable) |
                            (ready.write >> bit & 1U) * static_cast<unsigned>(Ready::writable) |
                            (ready.except >> bit & 1U) * static_cast<unsigned>(Ready::priority);
    return static_cast<Ready>(directions);
  }

  // One closed number fails select(2) for all (EBADF). Each is told once; what finds no room is
  // found again by the next call.
  std::size_t report_closed(std::span<Event> out) noexcept {
    std::size_t count = 0;
    registrations().for_each([&](int fd, Registration& registration) {
      const bool is_watched = registration.wanted() != Interest::none;
      if (!is_watched || count == out.size() || is_open(fd)) return;
      out[count++] = {registration.token, Ready::invalid};
      silence(fd, registration, State::invalid);
    });
    return count;
  }

  using State = Registration::State;

  void silence(int fd, Registration& registration, State state) noexcept {
    registration.state = state;
    watch(fd, {});
  }

  static DescriptorSets::Bits to_bits(Interest interest) noexcept {
    return {.read = contains(interest, Interest::read),
            .write = contains(interest, Interest::write),
            .except = contains(interest, Interest::priority)};
  }

  void reserve(int fd) {
    ready_.reserve(fd);
    wanted_.reserve(fd);
  }

  void watch(int fd, DescriptorSets::Bits bits) noexcept {
    wanted_.set(fd, bits);
    if (bits.read || bits.write || bits.except) {
      end_ = std::max(end_, static_cast<std::size_t>(fd) + 1);
    }
  }

  // What is above the greatest number watched would be looked at for nothing.
  void shrink() noexcept {
    while (end_ > 0 && wanted_.at((end_ - 1) / DescriptorSets::bits).any() == 0) {
      end_ = (end_ - 1) / DescriptorSets::bits * DescriptorSets::bits;
    }
  }

  [[nodiscard]] std::size_t words_in_use() const noexcept {
    return (end_ + DescriptorSets::bits - 1) / DescriptorSets::bits;
  }

  int select_once(Timeout timeout) noexcept {
    shrink();
    ready_.copy(wanted_, words_in_use());
    // pselect takes nanoseconds and, unlike select on Linux, leaves the time-out as it was.
    const auto left = to_timespec(timeout);
    return ::pselect(static_cast<int>(end_), ready_.read(), ready_.write(), ready_.except(),
                     left ? &*left : nullptr, nullptr);
  }

  DescriptorSets wanted_;
  DescriptorSets ready_;
  /// One past the greatest number that is watched, or more.
  std::size_t end_ = 0;
  std::size_t cursor_ = 0;
  DescriptorWitness witness_;
};

std::unique_ptr<Poller> open_select(std::error_code& error) noexcept {
  const Capabilities capabilities{.priority = true, .wait_cost = WaitCost::greatest_fd};
  return open_backend<SelectPoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo select_backend;
const BackendInfo select_backend{.name = "select",
                                 .summary = "pselect(2) of POSIX, with sets of any size",
                                 .preference = 10,
                                 .open = open_select};

}  // namespace polymux
