#include "core/models/answer_workers.hpp"

#include <algorithm>
#include <functional>
#include <new>
#include <span>
#include <utility>

#include "core/service/connection.hpp"

namespace polymux {
namespace {

// Both ends belong to it, as to a span that is empty there.
bool is_within(std::span<const char> part, std::span<const char> whole) noexcept {
  const std::less_equal<> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

void destroy_all(PieceQueue& queue) noexcept {
  while (!queue.empty()) delete &queue.pop();
}

}  // namespace

AnswerWorkers::AnswerWorkers(EventLoop& loop, Service& service)
    : service_(service), watcher_(loop, [this](Ready) { take_back(); }) {}

AnswerWorkers::~AnswerWorkers() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  is_due_.notify_all();
  for (auto& thread : threads_) thread.join();
  destroy_all(due_);
  destroy_all(done_);
}

std::error_code AnswerWorkers::start(std::size_t threads) {
  if (const auto error = wakeup_.open()) return error;
  if (const auto error = watcher_.start(wakeup_.fd(), Interest::read)) return error;
  try {
    for (std::size_t count = 0; count < threads; ++count) {
      threads_.emplace_back([this] { work(); });
    }
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

void AnswerWorkers::hand_out(Piece& piece) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    due_.push(piece);
  }
  is_due_.notify_one();
}

void AnswerWorkers::work() noexcept {
  while (true) {
    std::unique_lock lock(mutex_);
    is_due_.wait(lock, [this] { return is_ending_ || !due_.empty(); });
    if (is_ending_) return;
    auto& piece = due_.pop();
    lock.unlock();
    answer(piece);
    bool is_first = false;
    {
      const std::scoped_lock done_lock(done_mutex_);
      is_first = done_.empty();
      done_.push(piece);
    }
    if (is_first) wakeup_.signal();
  }
}

void AnswerWorkers::answer(Piece& piece) noexcept {
  const std::span<char> asked(piece.bytes.get(), piece.size);
  const auto reply = service_.answer(asked);
  if (reply.empty()) {
    piece.size = 0;
  } else if (is_within(reply, asked)) {
    piece.sent = static_cast<std::size_t>(reply.data() - asked.data());
    piece.size = piece.sent + reply.size();
  } else {
    // The service's own memory is its next client's.
    piece.bytes.reset(new (std::nothrow) char[reply.size()]);
    piece.size = reply.size();
    if (piece.bytes) std::ranges::copy(reply, piece.bytes.get());
  }
}

void AnswerWorkers::take_back() {
  // Cleared before the look: what is done between the two is found at once or wakes again.
  wakeup_.clear();
  PieceQueue done;
  {
    const std::scoped_lock lock(done_mutex_);
    std::swap(done, done_);
  }
  while (!done.empty()) Connection::take_back(done.pop());
}

}  // namespace polymux
