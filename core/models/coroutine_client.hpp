#pragma once

#include <span>
#include <system_error>

#include <polymux/coroutine/awaitable_fd.hpp>
#include <polymux/coroutine/spawn.hpp>
#include <polymux/coroutine/task.hpp>
#include <polymux/coroutine/time_limit.hpp>

#include "core/service/connection_list.hpp"
#include "platform/socket_io.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {

class CoroutinePool;

/// One client, and the task that talks to it.
class CoroutineClient final : public ConnectionHook {
 public:
  CoroutineClient(CoroutinePool& pool, UniqueFd socket) noexcept;

  /// Begins to talk. After an error it never will. Throws `std::bad_alloc`.
  [[nodiscard]] std::error_code begin();

  /// The server drains: from now on the client's silence is taken for the end.
  void hurry() { awaited_.interrupt(); }

 private:
  Task<> converse();
  Task<bool> send_later(std::span<const char> answer);
  Task<> take_leave();

  /// What the socket does not take at once. False if there is no one to take it.
  [[nodiscard]] bool send_now(std::span<const char>& answer) noexcept;
  /// False if the client has gone.
  [[nodiscard]] bool is_well(IoStatus status) noexcept;

  CoroutinePool& pool_;
  UniqueFd socket_;
  AwaitableFd awaited_;
  std::error_code failure_;
  Spawned<> task_;
};

}  // namespace polymux
