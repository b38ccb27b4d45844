#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

namespace polymux {

/// Has the kernel accept, receive and send by itself, and tell when it is done: what epoll and its
/// kin are for readiness, this is for completion.
///
/// Each request has a tag of the caller's, which comes back with each of its completions. Whatever
/// memory a request was given stays the kernel's until its last completion.
///
/// One thread, which is the one that opened it. Nothing of it may be used in a child.
class CompletionRing {
 public:
  using Tag = std::uint64_t;
  /// Of no request of the caller's.
  static constexpr Tag no_tag = 0;

  struct Completion {
    Tag tag = no_tag;
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
  /// Cancels what is under way, and waits for that.
  virtual ~CompletionRing() = default;

  /// Becomes readable when there is something to `enter` or to `take`, unless quiet.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// Ends that; needed by those who are told of it as long as it lasts.
  virtual void acknowledge() noexcept = 0;
  /// Makes it readable.
  virtual void rouse() noexcept = 0;
  /// For as long as completions are taken anyway. What came meanwhile shows in `has_news`
  /// afterwards.
  virtual void set_quiet(bool is_quiet) noexcept = 0;

  /// Accepts clients, non-blocking and closed on exec, until it fails or is cancelled.
  virtual void accept(int listener, Tag tag) noexcept = 0;
  /// Receives what comes, at most a piece, into memory of the ring that is chosen when it comes:
  /// who is silent needs none. ENOBUFS if there is none left.
  virtual void receive(int socket, Tag tag) noexcept = 0;
  enum class Patience : bool { none, waits_for_room };
  /// Sends what the kernel takes of `bytes`, without SIGPIPE. Without patience it fails with EAGAIN
  /// where there is no room at all.
  virtual void send(int socket, std::span<const char> bytes, Patience patience,
                    Tag tag) noexcept = 0;
  /// Ends the request of that tag, whose last completion still comes.
  virtual void cancel(Tag tag) noexcept = 0;

  /// True if there are requests that the kernel has not been given, or completions that it has not
  /// delivered.
  [[nodiscard]] virtual bool needs_enter() const noexcept = 0;
  /// True if there are completions to take, or to be delivered.
  [[nodiscard]] virtual bool has_news() const noexcept = 0;
  /// Hands over the requests and fetches completions: one system call. EINTR is no failure.
  [[nodiscard]] virtual std::error_code enter() noexcept = 0;
  /// The next completion; false if there is none at this moment.
  [[nodiscard]] virtual bool take(Completion& completion) noexcept = 0;
  /// Gives received bytes back, so that others can be received there.
  virtual void give_back(std::span<char> bytes) noexcept = 0;
};

/// \param piece  So many bytes are received at once, at most.
/// \return Null with the reason, whose message is for people, where the system has none.
[[nodiscard]] std::unique_ptr<CompletionRing> open_completion_ring(std::size_t piece,
                                                                   std::error_code& error);

}  // namespace polymux
