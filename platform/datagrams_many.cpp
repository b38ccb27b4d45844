// For systems that move many datagrams by one call: Linux, FreeBSD, NetBSD, OpenBSD.

#include <algorithm>
#include <array>

#include "platform/datagram_message.hpp"

namespace polymux {
namespace {

// Made one by one as they are used, and not all of them before.
struct Messages {
  std::array<mmsghdr, most_datagrams_at_once> headers;
  std::array<iovec, most_datagrams_at_once> parts;
};

// Count and flags are signed or not, as the C library has it.
template <class Result, class Count, class Flags>
long send_many(Result (*call)(int, mmsghdr*, Count, Flags), int socket, mmsghdr* headers,
               std::size_t count) noexcept {
  return call(socket, headers, static_cast<Count>(count), static_cast<Flags>(send_flags));
}

}  // namespace

IoResult receive_datagrams(int socket, std::span<Datagram> slots) noexcept {
  Messages messages;  // NOLINT(cppcoreguidelines-pro-type-member-init): see there
  const auto most = std::min(slots.size(), most_datagrams_at_once);
  for (std::size_t i = 0; i < most; ++i) {
    messages.headers[i] = {};
    messages.headers[i].msg_hdr = message_into(slots[i], messages.parts[i]);
  }
  long count = 0;
  do {
    count = ::recvmmsg(socket, messages.headers.data(), static_cast<unsigned>(most), 0, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return failed_datagram();
  const auto received = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < received; ++i) {
    auto& header = messages.headers[i];
    note_received(slots[i], header.msg_hdr, static_cast<std::size_t>(header.msg_len));
  }
  return {.status = IoStatus::done, .count = received};
}

IoResult send_datagrams(int socket, std::span<Datagram> datagrams) noexcept {
  Messages messages;  // NOLINT(cppcoreguidelines-pro-type-member-init): see there
  const auto most = std::min(datagrams.size(), most_datagrams_at_once);
  for (std::size_t i = 0; i < most; ++i) {
    messages.headers[i] = {};
    messages.headers[i].msg_hdr = message_of(datagrams[i], messages.parts[i]);
  }
  long count = 0;
  do {
    count = send_many(::sendmmsg, socket, messages.headers.data(), most);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return failed_datagram();
  return {.status = IoStatus::done, .count = static_cast<std::size_t>(count)};
}

}  // namespace polymux
