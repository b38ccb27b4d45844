#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>

#include <polymux/export.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

namespace polymux {
/// \addtogroup models
/// \{

/// Who accepts, receives and sends for a `CompletionManager`.
enum class Proactor : std::uint8_t {
  /// io_uring, of Linux 6.1 and newer. A busy server makes a few system calls for all that is done
  /// meanwhile, rather than some for each request.
  uring,
  /// POSIX AIO, by threads of the GNU C library: one for each client who is waited for. Needs
  /// `ConnectionOptions::max_connections`, of at most `max_aio_connections`, and takes SIGURG.
  aio,
  /// Nobody but the loop, on its poller, when a descriptor is ready: everywhere.
  simulated,
};

/// Clients that `Proactor::aio` can have at a time.
inline constexpr std::size_t max_aio_connections = 512;

/// Serves a `Service` as `ConnectionManager` does, with the same limits, time-outs and counters,
/// but by completions: what it asks for is accepted, received and sent by another, and the loop is
/// told of what is done.
///
/// \par Threads  The loop's own thread only, which is the one that called `open`.
class POLYMUX_API CompletionManager {
 public:
  /// What `drain` calls in the end.
  using Callback = std::function<void()>;

  /// Serves nobody yet. Throws `std::bad_alloc`.
  ///
  /// \param loop     Where it all happens; must outlive the manager.
  /// \param service  What answers; must outlive the manager.
  /// \param options  What clients are allowed; a copy is kept.
  CompletionManager(EventLoop& loop, Service& service, const ConnectionOptions& options = {});
  CompletionManager(const CompletionManager&) = delete;
  CompletionManager& operator=(const CompletionManager&) = delete;
  /// Closes everything at once.
  ~CompletionManager();

  /// Makes ready to serve; to be called before all else. After an error it can be called again.
  /// Throws `std::bad_alloc`.
  ///
  /// \param proactor  Who does what is asked for.
  /// \return Why this system cannot; the message is for people. `Errc::invalid_argument` for more
  ///         clients than there can be.
  [[nodiscard]] std::error_code open(Proactor proactor = Proactor::uring);

  /// As `ConnectionManager::listen`.
  ///
  /// \copydetails ConnectionManager::listen
  [[nodiscard]] ListenResult listen(std::string_view address);
  /// As `ConnectionManager::drain`.
  ///
  /// \copydetails ConnectionManager::drain
  void drain(Callback when_gone);
  /// As `ConnectionManager::close_all`.
  void close_all() noexcept;

  /// What has happened so far.
  ///
  /// \return The counters as they are now.
  [[nodiscard]] ConnectionCounters counters() const noexcept;

 private:
  class POLYMUX_HIDDEN Impl;

  std::unique_ptr<Impl> impl_;
};

/// \}
}  // namespace polymux
