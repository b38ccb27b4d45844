#pragma once

#include <cstddef>
#include <memory>

namespace polymux {

class Connection;

/// Bytes of one client: what it did not take yet of an answer, or what it has sent, while somebody
/// answers it elsewhere.
struct Piece {
  std::unique_ptr<char[]> bytes{};
  /// In `bytes`: those from `sent` to `size`.
  std::size_t sent = 0;
  std::size_t size = 0;

  /// It is with an `AnswersLater`, who owns it once nobody waits for it.
  bool is_out = false;
  /// Who waits for it; the loop's own.
  Connection* connection = nullptr;
  /// Whoever has it may queue it.
  Piece* next = nullptr;
};

/// Who answers what clients have sent, but not at once.
class AnswersLater {
 public:
  AnswersLater() = default;
  AnswersLater(const AnswersLater&) = delete;
  AnswersLater& operator=(const AnswersLater&) = delete;

  /// Replaces the bytes by their answer, in any thread, and gives the piece back by
  /// `Connection::take_back`, in the loop's. There is one of a connection at a time, so its answers
  /// are in order. Must not give it back at once.
  virtual void hand_out(Piece& piece) noexcept = 0;

 protected:
  ~AnswersLater() = default;
};

}  // namespace polymux
