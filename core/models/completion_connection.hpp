#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/service/connection_list.hpp"
#include "platform/completion_ring.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// One client that is served by completions: what the kernel has been asked to do for it, and what
/// it has not taken yet. An idle one owns no buffer.
struct CompletionConnection final : ConnectionHook {
  using Clock = std::chrono::steady_clock;
  using Tag = CompletionRing::Tag;

  /// As of `Connection`.
  enum class Phase : std::uint8_t { serving, quiet, lingering };

  /// The last bits of a tag, which the address leaves free, say which request it is of.
  static constexpr Tag of_receive = 1;
  static constexpr Tag of_send = 2;
  [[nodiscard]] Tag tag(Tag request) const noexcept {
    return reinterpret_cast<std::uintptr_t>(this) | request;
  }

  /// What the client has not taken, in part being sent.
  [[nodiscard]] bool has_kept() const noexcept { return !sending.empty() || !waiting.empty(); }
  [[nodiscard]] bool has_pending() const noexcept {
    return !in_place.empty() || sent < sending.size() || !waiting.empty();
  }
  /// It must stay, and its socket with it.
  [[nodiscard]] bool is_in_use() const noexcept { return is_receiving || is_sending || is_hungry; }

  UniqueFd socket;
  Phase phase = Phase::serving;
  /// The kernel has a request of that kind.
  bool is_receiving = false;
  bool is_sending = false;
  /// It is in the pool's queue of those who are to receive.
  bool is_hungry = false;
  /// While it drains: bytes were seen in its socket that have not come here. Who has taken them out
  /// may be late to tell.
  bool has_bytes_to_come = false;
  /// It has not taken all at once, and is waited for.
  bool is_stuck = false;
  /// The client will send no more.
  bool has_ended = false;
  /// Closed, but for what the kernel has to finish.
  bool is_over = false;
  Clock::time_point last_activity{};
  /// The next one in that queue.
  CompletionConnection* next_hungry = nullptr;
  /// An answer that is sent from the memory that it was received into.
  std::span<char> received{};
  std::span<const char> in_place{};
  /// Kept bytes, of which `sent` are gone. They do not move while the kernel sends.
  std::vector<char> sending;
  std::size_t sent = 0;
  /// Kept bytes that come after those.
  std::vector<char> waiting;
};

}  // namespace polymux
