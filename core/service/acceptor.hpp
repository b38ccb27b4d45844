#pragma once

#include <string>
#include <system_error>

#include <polymux/loop/watcher.hpp>

#include "core/service/descriptor_reserve.hpp"
#include "platform/listener.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

/// Whom an `Acceptor` works for. None of these may destroy the acceptor.
class AcceptorOwner {
 public:
  AcceptorOwner() = default;
  AcceptorOwner(const AcceptorOwner&) = delete;
  AcceptorOwner& operator=(const AcceptorOwner&) = delete;

  virtual void on_accepted(UniqueFd client) noexcept = 0;
  /// A client was closed for want of descriptors.
  virtual void on_refused() noexcept = 0;
  /// A client was lost before it could be accepted, or accepting failed.
  virtual void on_accept_error() noexcept = 0;
  /// No descriptor is free.
  /// \return True if those who wait may be left to others; the acceptor is paused.
  [[nodiscard]] virtual bool on_no_descriptor() noexcept = 0;
  /// The system cannot accept at present, and the listener stays ready: pause, lest it spins.
  virtual void on_exhausted() noexcept = 0;

 protected:
  ~AcceptorOwner() = default;
};

/// Accepts the clients of one address.
class Acceptor final : public Watcher {
 public:
  Acceptor(EventLoop& loop, AcceptorOwner& owner, DescriptorReserve& reserve, Listener listener);
  /// Stops listening; clients who wait are turned away by the system.
  ~Acceptor() override;

  [[nodiscard]] std::error_code open() noexcept;

  void pause() noexcept;
  /// After an error it is still paused.
  [[nodiscard]] std::error_code resume() noexcept;

  /// Takes in those who wait at this moment, as far as the system's queue is long.
  void accept_last() noexcept;

  [[nodiscard]] const std::string& address() const noexcept { return listener_.address; }

 private:
  void on_ready(Ready ready) override;
  /// A share of those who wait. True if there may be more.
  bool accept_some() noexcept;
  /// Without a free descriptor: closes those who wait. False if not even that can be done.
  [[nodiscard]] bool refuse_some() noexcept;

  AcceptorOwner& owner_;
  DescriptorReserve& reserve_;
  Listener listener_;
};

}  // namespace polymux
