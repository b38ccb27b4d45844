#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "platform/datagrams.hpp"

namespace polymux {

/// How recvmsg(2) and sendmsg(2) take a datagram; `part` has to live as long as the message.
[[nodiscard]] inline msghdr message_into(Datagram& slot, iovec& part) noexcept {
  part = {.iov_base = slot.room.data(), .iov_len = slot.room.size()};
  msghdr message{};
  message.msg_name = &slot.peer;
  message.msg_namelen = sizeof slot.peer;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = slot.source.data();
  // A size_t on some systems, an unsigned int on others.
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(slot.source.size());
  return message;
}

[[nodiscard]] inline msghdr message_of(Datagram& datagram, iovec& part) noexcept {
  auto message = message_into(datagram, part);
  part.iov_len = datagram.size;
  message.msg_namelen = datagram.peer_length;
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(datagram.source_length);
  if (datagram.source_length == 0) message.msg_control = nullptr;
  return message;
}

inline void note_received(Datagram& slot, msghdr& message, std::size_t size) noexcept {
  make_answer_source(message);
  slot.source_length = message.msg_controllen;
  slot.size = size;
  slot.peer_length = message.msg_namelen;
  slot.is_truncated = (message.msg_flags & MSG_TRUNC) != 0;
}

/// What errno means after a call that moved nothing. A reset is that of one peer, and no end.
[[nodiscard]] inline IoResult failed_datagram() noexcept {
  const bool is_blocked = classify_io_error(errno) == IoStatus::would_block;
  return {.status = is_blocked ? IoStatus::would_block : IoStatus::failed};
}

}  // namespace polymux
