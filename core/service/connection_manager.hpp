#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <polymux/export.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

namespace polymux {
/// \addtogroup service
/// \{

/// What came of `ConnectionManager::listen`.
struct ListenResult {
  /// What is listened on, in the form that `listen` takes, with the port that the system chose.
  std::vector<std::string> addresses{};
  /// `Errc::invalid_argument` for what is no address; else why it cannot be listened on.
  std::error_code error{};
  /// For people: what is wrong and, for what is no address, what would be right. Empty on success.
  std::string message{};

  /// \return True if there is a listener.
  [[nodiscard]] explicit operator bool() const noexcept { return !error; }
};

/// Serves a `Service` to the clients of any number of addresses, in one event loop: accepts,
/// limits, times out, counts and drains.
///
/// A client that does not read its answers costs at most `max_buffer` bytes and nobody else
/// anything; one that sends without end is read from in turns with the others. Where descriptors
/// run out, those who wait are closed rather than left hanging, and accepting goes on as soon as it
/// can.
///
/// \par Threads  The loop's own thread only.
class POLYMUX_API ConnectionManager {
 public:
  /// What `drain` calls in the end.
  using Callback = std::function<void()>;

  /// Serves nobody yet. Throws `std::bad_alloc`.
  ///
  /// \param loop     Where it all happens; must outlive the manager.
  /// \param service  What answers; must outlive the manager.
  /// \param options  What clients are allowed; a copy is kept.
  ConnectionManager(EventLoop& loop, Service& service, const ConnectionOptions& options = {});
  ConnectionManager(const ConnectionManager&) = delete;
  ConnectionManager& operator=(const ConnectionManager&) = delete;
  /// Closes everything at once.
  ~ConnectionManager();

  /// Accepts clients at an address: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` (each address
  /// that the name has here), `unix:/path`, on Linux also `unix:@name`, and `fd:3`, which is
  /// `listen_on(3)` but leaves a descriptor alone that it refuses. Port 0 is any that is free.
  ///
  /// `[::]` is IPv6 alone. The socket file of a server that has died is replaced; the file is
  /// removed in the end. A name may take the system's resolver its time.
  ///
  /// \param address  One of these forms.
  /// \return What is listened on, or why not. Throws `std::bad_alloc`.
  [[nodiscard]] ListenResult listen(std::string_view address);

  /// Accepts clients at a stream socket that listens already (inherited, or opened by others), and
  /// owns it from now on, also after an error. It is made non-blocking. The file of a Unix-domain
  /// socket stays in the end.
  ///
  /// \param socket  Its descriptor.
  /// \return What is listened on; `Errc::invalid_argument` for what is no such socket. Throws
  ///         `std::bad_alloc`.
  [[nodiscard]] ListenResult listen_on(int socket);

  /// Serves a connected stream socket, and owns it from now on, also after an error. Counts as
  /// accepted.
  ///
  /// \param socket  Its descriptor. It is made non-blocking.
  /// \return Why it was closed at once: `too_many_files_open` if the limit is reached, else the
  ///         system's code.
  [[nodiscard]] std::error_code adopt(int socket);

  /// Ends the service in peace: takes in the clients that wait to be accepted, stops listening, and
  /// goes on answering each client until it has taken all of its answers and sent nothing for 100
  /// ms. Then it is told that no more will come, and is closed when it hangs up, or after another
  /// 100 ms. What is still there after `drain_timeout` is closed.
  ///
  /// \param when_gone  Called once, from the loop, after the last connection is closed. May destroy
  ///                   the manager. A second `drain` replaces it and begins the time-out anew.
  void drain(Callback when_gone);

  /// Stops listening and closes every connection at once; what was not sent is lost. Ends a `drain`
  /// too, whose callback then is called from the loop.
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
