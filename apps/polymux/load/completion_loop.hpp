#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <polymux/polymux.hpp>

#include "clock.hpp"
#include "platform/completion_ring.hpp"
#include "platform/unique_fd.hpp"

namespace load {

/// Has the kernel move the bytes of many connections, and tells them what it has done. One system
/// call hands over whatever they asked for meanwhile, and fetches what is done.
///
/// \par Threads  The one that opened it.
class CompletionLoop {
 public:
  /// Who is told of what was done. May close its link meanwhile.
  class Owner {
   public:
    /// These came, in memory that is the ring's again afterwards.
    virtual void on_received(std::span<const char> bytes, Instant now) = 0;
    /// So many of the bytes were sent: no more until the others are handed over again.
    virtual void on_sent(std::size_t count) = 0;
    /// The peer will send no more.
    virtual void on_end() = 0;
    virtual void on_failure(const std::error_code& error) = 0;

   protected:
    ~Owner() = default;
  };

  /// A connection as the kernel has it.
  struct alignas(8) Link {
    /// Null once it is closed: then it waits for the kernel to let go of the socket.
    Owner* owner = nullptr;
    polymux::UniqueFd socket;
    bool is_receiving = false;
    bool is_sending = false;
    /// What is under way is to be ended, and nobody has been asked to.
    bool is_to_be_ended = false;
    /// So many requests to end it are under way.
    std::uint8_t cancels = 0;

    [[nodiscard]] bool is_in_use() const noexcept {
      return is_receiving || is_sending || cancels > 0;
    }
  };

  /// The loop must outlive it.
  CompletionLoop(polymux::EventLoop& loop, std::unique_ptr<polymux::CompletionRing> ring);
  CompletionLoop(const CompletionLoop&) = delete;
  CompletionLoop& operator=(const CompletionLoop&) = delete;
  /// Every link must have been closed.
  ~CompletionLoop();

  /// Begins to tell of what is done.
  [[nodiscard]] std::error_code start() noexcept;

  /// Takes over a connected socket, which nothing is asked of yet. Throws `std::bad_alloc`.
  [[nodiscard]] std::unique_ptr<Link> open(Owner& owner, polymux::UniqueFd socket);
  /// Receives until it is closed.
  [[nodiscard]] std::error_code receive(Link& link) noexcept;
  /// Sends some of the bytes, which must stay, in a link that `is_sending` nothing.
  [[nodiscard]] std::error_code send(Link& link, std::span<const char> bytes) noexcept;
  /// Ends what is under way, then closes the socket.
  void close(std::unique_ptr<Link> link) noexcept;

 private:
  /// Does what there is to do, and sees to it that the rest is done soon.
  void process();
  [[nodiscard]] std::error_code work();
  int take_all();
  void complete(const polymux::CompletionRing::Completion& done);
  void on_received(Link& link, const polymux::CompletionRing::Completion& done);
  static void on_sent(Link& link, int result);
  static void on_cancelled(Link& link, int result) noexcept;
  /// Frees the links that nobody uses any more.
  void bury() noexcept;
  void cancel_all_of(Link& link) noexcept;
  [[nodiscard]] bool has_work() const noexcept;
  /// If need be by a system call.
  [[nodiscard]] std::error_code make_room() noexcept;
  void come_back(nanoseconds delay) noexcept;

  std::unique_ptr<polymux::CompletionRing> ring_;
  bool is_edge_;
  polymux::CallbackWatcher watcher_;
  /// Requests were made that no completion will have handed over.
  polymux::Timer again_;
  /// Links that there are, and those of them that are closed.
  std::size_t links_ = 0;
  std::vector<std::unique_ptr<Link>> closed_;
  /// When the completions that are being taken were fetched.
  Instant now_{};
  bool is_processing_ = false;
};

}  // namespace load
