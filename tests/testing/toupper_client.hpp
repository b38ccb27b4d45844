#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/testing/random.hpp"
#include "platform/sockets.hpp"
#include "platform/unique_fd.hpp"
#include "tests/unit/socket_fixture.hpp"

namespace polymux::testing {

/// A client of the toupper service that never blocks: it sends and reads in pieces that a seed
/// decides, and looks at every byte of the answer.
class ToupperClient {
 public:
  ToupperClient(Random& random, std::size_t size) : random_(random) {
    for (std::size_t index = 0; index < size; ++index) {
      const auto letter = static_cast<char>(random_.below(26));
      const bool is_lower = random_.below(4) != 0;
      question_ += static_cast<char>((is_lower ? 'a' : '0') + letter);
      answer_ += static_cast<char>((is_lower ? 'A' : '0') + letter);
    }
  }

  /// Begins anew, on a connection that nothing was sent on.
  void use(UniqueFd socket) {
    socket_ = std::move(socket);
    sent_ = received_ = 0;
    has_ended_ = false;
  }

  /// One of the things that it can do at this moment. True if a byte moved, or the end came.
  bool step() {
    if (random_.below(3) == 0) return false;
    return random_.below(2) == 0 ? send_some_bytes() : read_some();
  }

  /// Every byte has come, and then the end.
  [[nodiscard]] bool is_done() const { return has_ended_ && received_ == answer_.size(); }
  /// The server has closed before it answered everything.
  [[nodiscard]] bool was_cut_off() const { return has_ended_ && received_ < answer_.size(); }
  /// What came wrong; empty if all that came is right.
  [[nodiscard]] const std::string& mistake() const { return mistake_; }
  /// True once all was sent, and the server was told so.
  [[nodiscard]] bool has_sent_all() const { return sent_ == question_.size(); }

 private:
  bool send_some_bytes() {
    if (has_ended_ || has_sent_all()) return false;
    const auto room = 1 + random_.below(random_.below(4) == 0 ? 100 : 20'000);
    const auto part = std::string_view(question_).substr(sent_, room);
    const auto count = send_some(socket_.get(), part);
    sent_ += count;
    // The end of sending is not the end of reading: what came before it is answered.
    if (has_sent_all()) static_cast<void>(shut_down_writing(socket_.get()));
    return count > 0;
  }

  bool read_some() {
    if (has_ended_) return false;
    std::array<char, 30'000> bytes{};
    const auto room = 1 + random_.below(bytes.size());
    const auto count = ::recv(socket_.get(), bytes.data(), room, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
    has_ended_ = count <= 0;
    if (count > 0) check({bytes.data(), static_cast<std::size_t>(count)});
    return true;
  }

  void check(std::string_view bytes) {
    const auto wanted = std::string_view(answer_).substr(received_, bytes.size());
    if (bytes != wanted && mistake_.empty()) {
      const auto pair = std::ranges::mismatch(bytes, wanted);
      mistake_ = "byte " +
                 std::to_string(received_ + static_cast<std::size_t>(pair.in1 - bytes.begin())) +
                 " of " + std::to_string(answer_.size()) + " is wrong";
    }
    received_ += bytes.size();
  }

  Random& random_;
  std::string question_;
  std::string answer_;
  UniqueFd socket_;
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
  bool has_ended_ = false;
  std::string mistake_;
};

}  // namespace polymux::testing
