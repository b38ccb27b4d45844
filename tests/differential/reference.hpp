#pragma once

#include <memory>

#include <polymux/poller/event.hpp>

namespace polymux::differential {

/// A second opinion on what is readable and writable, that owes nothing to polymux: libevent, by
/// its poll method. It judges no hang-up, error, priority or misuse, where libevent's methods
/// differ from one another.
class Reference {
 public:
  Reference() = default;
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  virtual ~Reference() = default;

  /// Null where libevent was not found.
  [[nodiscard]] static std::unique_ptr<Reference> open();

  virtual void watch(int fd, Interest interest) = 0;
  /// To be called before the number is closed.
  virtual void forget(int fd) = 0;
  virtual void forget_all() = 0;
  /// Asks once, and keeps the answers for `found`.
  virtual void look() = 0;
  /// What the last look found of a number that is watched.
  [[nodiscard]] virtual Ready found(int fd) const = 0;
};

}  // namespace polymux::differential
