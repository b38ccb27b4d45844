// For systems that move one datagram by each call (macOS).

#include "platform/datagram_message.hpp"

namespace polymux {
namespace {

[[nodiscard]] bool receive_one(int socket, Datagram& slot) noexcept {
  iovec part{};
  msghdr message{};
  ssize_t count = 0;
  do {
    message = message_into(slot, part);
    count = ::recvmsg(socket, &message, 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return false;
  note_received(slot, message, static_cast<std::size_t>(count));
  return true;
}

[[nodiscard]] bool send_one(int socket, Datagram& datagram) noexcept {
  iovec part{};
  const auto message = message_of(datagram, part);
  ssize_t count = 0;
  do {
    count = ::sendmsg(socket, &message, send_flags);
  } while (count < 0 && errno == EINTR);
  return count >= 0;
}

// Until one fails; what came before it is done, and the next call says why.
template <class Step>
IoResult for_each_until_failure(std::span<Datagram> datagrams, Step step) noexcept {
  std::size_t count = 0;
  while (count < datagrams.size() && step(datagrams[count])) ++count;
  if (count == 0) return failed_datagram();
  return {.status = IoStatus::done, .count = count};
}

}  // namespace

IoResult receive_datagrams(int socket, std::span<Datagram> slots) noexcept {
  return for_each_until_failure(slots, [=](Datagram& slot) { return receive_one(socket, slot); });
}

IoResult send_datagrams(int socket, std::span<Datagram> datagrams) noexcept {
  return for_each_until_failure(datagrams, [=](Datagram& one) { return send_one(socket, one); });
}

}  // namespace polymux
