#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include <unistd.h>

#include <polymux/polymux.hpp>

/// The program under test: counts the lines that come through a pipe, and stops at its end.
class LineCounter final : public polymux::Watcher {
 public:
  /// \param is_careless  With the bug that everybody writes once.
  LineCounter(polymux::EventLoop& loop, bool is_careless)
      : Watcher(loop), is_careless_(is_careless) {}

  [[nodiscard]] std::size_t lines() const { return lines_; }

 private:
  void on_ready(polymux::Ready /*ready*/) override {
    char bytes[64];
    const auto count = ::read(fd(), bytes, sizeof bytes);
    // "It was readable, so a read gives bytes or the end." It need not: readiness is a hint.
    const bool is_blocked = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (is_blocked && !is_careless_) return;
    if (count <= 0) return loop().stop();
    const std::string_view text(bytes, static_cast<std::size_t>(count));
    lines_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  bool is_careless_;
  std::size_t lines_ = 0;
};
