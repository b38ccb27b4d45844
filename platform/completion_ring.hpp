#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

namespace polymux {

/// Has the kernel accept, receive and send by itself, and tell when it is done: what epoll and its
/// kin are for readiness, this is for completion. Where the kernel cannot, others do it in its
/// place.
///
/// Each request has a tag of the caller's, which comes back with each of its completions. Whatever
/// memory and descriptor a request was given stay the kernel's until its last completion.
///
/// There is room for so many requests at a time (`has_room`); who finds none asks later. Nothing is
/// asked of the system but by `enter`.
///
/// One thread, which is the one that opened it. Nothing of it may be used in a child.
class CompletionRing {
 public:
  using Tag = std::uint64_t;

  struct Completion {
    Tag tag = 0;
    /// What the system call would have returned, or an errno turned negative.
    int result = 0;
    /// The request goes on.
    bool has_more = false;
    /// Received bytes, in memory of the ring: the caller's until `give_back`.
    std::span<char> bytes{};
  };

  CompletionRing() = default;
  CompletionRing(const CompletionRing&) = delete;
  CompletionRing& operator=(const CompletionRing&) = delete;
  virtual ~CompletionRing() = default;

  /// Becomes readable when there is something to `enter` or to `take`, unless quiet. -1 if it is
  /// told in another way.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// Ends that; needed by those who are told of it as long as it lasts.
  virtual void acknowledge() noexcept = 0;
  /// Has it told soon.
  virtual void rouse() noexcept = 0;
  /// For as long as completions are taken anyway. What came meanwhile shows in `has_news`
  /// afterwards.
  virtual void set_quiet(bool is_quiet) noexcept = 0;

  /// True if a request can be made now. All that make one need it.
  [[nodiscard]] virtual bool has_room() const noexcept = 0;
  /// Accepts clients, non-blocking and closed on exec, until it fails or is cancelled.
  virtual void accept(int listener, Tag tag) noexcept = 0;
  /// Receives what comes, a piece a completion, into memory of the ring that is chosen when it
  /// comes: who is silent needs none. Ends before more than `most` bytes have come, which must be a
  /// piece or more. ENOBUFS if there is no memory of the ring left.
  virtual void receive(int socket, std::size_t most, Tag tag) noexcept = 0;
  enum class Patience : bool { none, waits_for_room };
  /// Sends what the kernel takes of `bytes`, without SIGPIPE. Without patience it is done at once,
  /// and fails with EAGAIN where there is no room at all.
  virtual void send(int socket, std::span<const char> bytes, Patience patience,
                    Tag tag) noexcept = 0;
  /// Ends the request of the tag `what`, whose last completion still comes. ENOENT or EALREADY if
  /// it could not be ended at this moment.
  virtual void cancel(Tag what, Tag tag) noexcept = 0;
  /// To be called before a descriptor is closed that there was a request of; none is under way, nor
  /// a completion to take. Not after `end`.
  virtual void forget(int socket) noexcept = 0;

  /// True if there are requests that the kernel has not been given, or completions that it has not
  /// delivered.
  [[nodiscard]] virtual bool needs_enter() const noexcept = 0;
  /// True if there are completions to take, or to be delivered.
  [[nodiscard]] virtual bool has_news() const noexcept = 0;
  /// Hands over the requests and fetches completions: one system call. Never EINTR.
  [[nodiscard]] virtual std::error_code enter() noexcept = 0;
  /// The next completion; false if there is none at this moment, or no room for what it may call
  /// for.
  [[nodiscard]] virtual bool take(Completion& completion) noexcept = 0;
  /// Gives received bytes back, so that others can be received there.
  virtual void give_back(std::span<char> bytes) noexcept = 0;

  /// Ends all that is under way, and waits for that; what was not handed over is forgotten. Only
  /// `take`, `give_back` and `enter` may follow.
  virtual void end() noexcept = 0;
};

/// How `CompletionRing::receive` has it: as often as the bytes allow, or a piece a request.
enum class Receiving : std::uint8_t { as_the_kernel_can, a_piece_a_request };

/// \param piece  So many bytes are received at once, at most.
/// \return Null with the reason, whose message is for people, where the system has none. Throws
///         `std::bad_alloc`.
[[nodiscard]] std::unique_ptr<CompletionRing> open_completion_ring(
    std::size_t piece, std::error_code& error, Receiving receiving = Receiving::as_the_kernel_can);

}  // namespace polymux
