#pragma once

#include <cstddef>
#include <system_error>
#include <vector>

#include <polymux/loop/signal_watch.hpp>
#include <polymux/loop/watcher.hpp>

namespace polymux {

struct SignalBox;

/// One loop's part of watching signals: waits for its box, and calls the watches.
class SignalInbox final : private Watcher {
 public:
  explicit SignalInbox(EventLoop& loop) noexcept : Watcher(loop) {}
  ~SignalInbox() override;

  [[nodiscard]] std::error_code add(SignalWatch& watch, int number);
  void remove(SignalWatch& watch, int number) noexcept;

 private:
  [[nodiscard]] std::error_code open();
  [[nodiscard]] bool has_watch_for(int number) const noexcept;
  void on_ready(Ready ready) override;
  void call_watches(int number);

  SignalBox* box_ = nullptr;
  std::vector<SignalWatch*> watches_;
  /// Those still to be called, while some are: [next_, end_).
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

}  // namespace polymux
