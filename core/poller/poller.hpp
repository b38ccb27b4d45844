#pragma once

#include <optional>
#include <span>
#include <system_error>

#include <polymux/export.hpp>
#include <polymux/poller/capabilities.hpp>
#include <polymux/poller/error.hpp>
#include <polymux/poller/event.hpp>

namespace polymux {
/// \addtogroup poller
/// \{

/// Waits until any of many descriptors is ready: one interface, and one behaviour, over every
/// multiplexer. docs/contract.md is the whole of the contract; its rules are named here by id.
///
/// A descriptor is borrowed: the poller never closes, reads or writes it. `remove` comes before
/// `close`.
///
/// \par Threads  One thread at a time; `wake` alone may be called from anywhere, meanwhile. Between
///               calls a poller may be handed to another thread.
/// \par Fork     In a child of the process that opened it, every call but the destructor fails with
///               `Errc::used_after_fork`, `wake` does nothing, and the destructor leaves the
///               parent's poller as it is (FORK-1 to FORK-6).
class POLYMUX_API Poller {
 public:
  /// For those who derive from it; `open_poller` opens one.
  Poller() = default;
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  /// Ends every registration, and closes none of their descriptors.
  virtual ~Poller() = default;

  /// Registers `fd` under `token`. What is ready by now is reported by the next wait.
  ///
  /// \param fd        The number of an open descriptor that is borrowed until `remove`.
  /// \param token     Comes back in each event; any value.
  /// \param interest  What to wait for; `none` keeps silent until `modify`.
  /// \param trigger   When to report it.
  /// \return `bad_descriptor`, `already_registered`, `not_pollable`, `wrong_direction`,
  ///         `not_supported`, `descriptor_too_large`, `invalid_argument` (see `Errc`), or the
  ///         system's own code. After an error the poller is as it was.
  /// \par Source  epoll_ctl(2), poll(2), select(2), kqueue(2), fcntl(2); rules ADD-1 to ADD-18.
  [[nodiscard]] virtual std::error_code add(int fd, Token token, Interest interest,
                                            Trigger trigger = Trigger::level) noexcept = 0;

  /// Replaces token, interest and trigger of a registration and arms it anew: what is ready at this
  /// moment is reported by the next wait, also for `edge` and for a `oneshot` that has fired.
  ///
  /// \param fd        A descriptor that is registered.
  /// \param token     Takes the place of the old one from now on.
  /// \param interest  What to wait for from now on.
  /// \param trigger   When to report it.
  /// \return As `add`, and `not_registered`. After an error the registration is as it was.
  /// \par Source  epoll_ctl(2), kqueue(2); rules MOD-1 to MOD-8.
  [[nodiscard]] virtual std::error_code modify(int fd, Token token, Interest interest,
                                               Trigger trigger = Trigger::level) noexcept = 0;

  /// Ends a registration. Its token is never reported again, not even if the number is used anew
  /// or a duplicate of the descriptor stays open. A number that was closed too early can still be
  /// removed.
  ///
  /// \param fd  The number that was given to `add`.
  /// \return `not_registered` if the poller does not have it.
  /// \par Source  epoll_ctl(2), epoll(7) "Will closing a file descriptor"; rules REM-1 to REM-5.
  [[nodiscard]] virtual std::error_code remove(int fd) noexcept = 0;

  /// Waits until a registered descriptor is ready, `wake` is called or the time is over.
  ///
  /// Writes at most `out.size()` events, at most one per registration, and never returns early
  /// without an event or a wake. What did not fit is reported by the next calls before what was
  /// (FAIR-1). Signals do not end it (TIME-5).
  ///
  /// \param out      Overwritten from its start; must not be empty.
  /// \param timeout  Rounded up to `Capabilities::timeout_step`; zero looks and returns, an empty
  ///                 optional waits for ever.
  /// \return The number of events, and whether a wake was consumed. `invalid_argument` if `out` is
  ///         empty; else the system's code. Never `interrupted`.
  /// \par Source  epoll_wait(2), poll(2), select(2), kevent(2); rules WAIT-1 to WAIT-10, TIME-1 to
  ///              TIME-8.
  [[nodiscard]] virtual WaitResult wait(std::span<Event> out, Timeout timeout) noexcept = 0;

  /// Ends the wait under way, or the next one. One or a thousand before a wait end it once.
  ///
  /// \par Threads  Any thread, and any signal handler.
  virtual void wake() noexcept = 0;

  /// What the backend can do here.
  ///
  /// \return The same for the life of the poller.
  [[nodiscard]] virtual const Capabilities& capabilities() const noexcept = 0;

  /// A descriptor that is readable while `wait` may have something to report, for use inside
  /// another loop: poll it for reading, then `wait` with a zero time-out.
  ///
  /// Once asked for, each `wake` also makes it readable, which costs a system call a wake.
  ///
  /// \return The same for the life of the poller, and the poller's: do not read, change or close
  ///         it. Empty where `Capabilities::pollable_handle` is false, and while no descriptor is
  ///         free for it.
  [[nodiscard]] virtual std::optional<int> pollable_handle() noexcept = 0;
};

/// \}
}  // namespace polymux
