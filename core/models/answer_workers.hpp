#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <polymux/loop/watcher.hpp>
#include <polymux/service/service.hpp>

#include "core/service/piece.hpp"
#include "platform/wakeup.hpp"

namespace polymux {

/// Pieces, the first one first. Owns nothing and allocates nothing.
class PieceQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  void push(Piece& piece) noexcept {
    piece.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &piece;
    last_ = &piece;
  }

  /// There must be one.
  Piece& pop() noexcept {
    auto& piece = *first_;
    first_ = piece.next;
    return piece;
  }

 private:
  Piece* first_ = nullptr;
  Piece* last_ = nullptr;
};

/// Threads that do a service's work, for one loop.
///
/// \par Threads  The loop's own. The service must allow as many as there are.
class AnswerWorkers final : public AnswersLater {
 public:
  AnswerWorkers(EventLoop& loop, Service& service);
  /// Waits for what is being answered. All connections must be gone.
  ~AnswerWorkers();

  [[nodiscard]] std::error_code start(std::size_t threads);

  void hand_out(Piece& piece) noexcept override;

 private:
  void work() noexcept;
  void answer(Piece& piece) noexcept;
  void take_back();

  Service& service_;
  std::mutex mutex_;
  std::condition_variable is_due_;
  PieceQueue due_;
  bool is_ending_ = false;
  std::mutex done_mutex_;
  PieceQueue done_;
  /// One for all that are done by then.
  Wakeup wakeup_;
  CallbackWatcher watcher_;
  std::vector<std::thread> threads_;
};

}  // namespace polymux
