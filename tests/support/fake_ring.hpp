#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "platform/completion_ring.hpp"
#include "platform/descriptors.hpp"
#include "platform/unique_fd.hpp"

namespace polymux::test {

/// A request that a test finds handed over.
struct RingRequest {
  enum class Kind : std::uint8_t { receive, send, cancel };

  Kind kind = Kind::receive;
  CompletionRing::Tag tag = 0;
  /// To be sent.
  std::string bytes{};
  /// To be ended.
  CompletionRing::Tag what = 0;
};

/// A kernel that does what a test says.
class FakeRing final : public CompletionRing {
 public:
  using Kind = RingRequest::Kind;

  FakeRing() { EXPECT_FALSE(open_pipe(told_, teller_)); }

  [[nodiscard]] int fd() const noexcept override { return told_.get(); }
  void acknowledge() noexcept override {
    std::array<char, 64> ignored{};
    EXPECT_GT(::read(told_.get(), ignored.data(), ignored.size()), 0);
  }
  void rouse() noexcept override {}
  void set_quiet(bool /*is_quiet*/) noexcept override {}
  [[nodiscard]] bool has_room() const noexcept override { return waiting_.size() < room; }
  void accept(int /*listener*/, Tag /*tag*/) noexcept override {}
  void receive(int /*socket*/, std::size_t /*most*/, Tag tag) noexcept override {
    waiting_.push_back({.kind = Kind::receive, .tag = tag});
  }
  void send(int /*socket*/, std::span<const char> bytes, Patience /*patience*/,
            Tag tag) noexcept override {
    waiting_.push_back({.kind = Kind::send, .tag = tag, .bytes = {bytes.begin(), bytes.end()}});
  }
  void cancel(Tag what, Tag tag) noexcept override {
    waiting_.push_back({.kind = Kind::cancel, .tag = tag, .what = what});
  }
  void forget(int /*socket*/) noexcept override {}
  [[nodiscard]] bool needs_enter() const noexcept override { return !waiting_.empty(); }
  [[nodiscard]] bool has_news() const noexcept override { return !done_.empty(); }
  [[nodiscard]] std::error_code enter() noexcept override {
    ++enters;
    if (enter_error) return enter_error;
    for (auto& request : waiting_) requests.push_back(std::move(request));
    waiting_.clear();
    return {};
  }
  [[nodiscard]] bool take(Completion& completion) noexcept override {
    if (done_.empty() || !has_room()) return false;
    completion = done_.front();
    done_.pop_front();
    return true;
  }
  void give_back(std::span<char> /*bytes*/) noexcept override { ++given_back; }
  void end() noexcept override {
    if (when_ended) when_ended(*this);
  }

  void complete(Tag tag, int result, bool has_more = false, std::span<char> bytes = {}) {
    done_.push_back({.tag = tag, .result = result, .has_more = has_more, .bytes = bytes});
    EXPECT_EQ(::write(teller_.get(), "x", 1), 1);
  }
  /// Those of a kind that were handed over since the last call.
  std::vector<RingRequest> handed_over(Kind kind) {
    std::vector<RingRequest> found;
    std::erase_if(requests, [&](const RingRequest& request) {
      if (request.kind != kind) return false;
      found.push_back(request);
      return true;
    });
    return found;
  }

  std::size_t room = 8;
  int enters = 0;
  int given_back = 0;
  std::error_code enter_error{};
  std::vector<RingRequest> requests;
  std::function<void(FakeRing&)> when_ended;

 private:
  UniqueFd told_;
  UniqueFd teller_;
  std::vector<RingRequest> waiting_;
  std::deque<Completion> done_;
};

}  // namespace polymux::test
