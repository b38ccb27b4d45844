#include "datagram_client.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "payload.hpp"
#include "platform/socket_io.hpp"
#include "platform/system_error.hpp"
#include "worker.hpp"

namespace load {

using polymux::Interest;
using polymux::IoStatus;
using polymux::Ready;

DatagramClient::DatagramClient(Worker& worker, std::uint64_t number)
    : Client(worker, number, Role::busy),
      slots_(static_cast<std::size_t>(worker.plan().options.depth)),
      random_(worker.plan().options.seed + number) {
  for (std::size_t index = slots_.size(); index-- > 0;) {
    free_.push_back(static_cast<std::uint32_t>(index));
  }
}

void DatagramClient::open(Instant now) {
  const auto error = connect(Transport::datagram, Interest::read);
  if (error) {
    if (classify(error) == Failure::other) worker().note_error(error);
    rest(now);
    worker().note_failed(*this, false, classify(error));
    return;
  }
  is_well_ = true;
  worker().note_opened(*this);
}

void DatagramClient::ask(Instant since, Instant now) {
  const auto index = free_.back();
  free_.pop_back();
  auto& slot = slots_[index];
  slot = {.number = (sent_++ * slots_.size() + index) % DatagramNumber::limit,
          .size = worker().plan().options.sizes.draw(random_),
          .since = since,
          .asked = now,
          .is_waiting = true};
  send(slot);
}

void DatagramClient::flush(Instant /*now*/) {}

void DatagramClient::greet(Instant /*now*/) {}

void DatagramClient::send(const Slot& slot) {
  std::array<char, DatagramNumber::size> head{};
  DatagramNumber::write(slot.number, head);
  const auto body = worker().plan().payload.question(slot.number, slot.size - head.size());
  // sendmsg(2) does not write there.
  std::array<iovec, 2> parts{
      iovec{.iov_base = head.data(), .iov_len = head.size()},
      iovec{.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  // An int on some systems, a size_t on others.
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(parts.size());
  ssize_t count = 0;
  do {
    count = ::sendmsg(fd(), &message, polymux::send_flags);
  } while (count < 0 && errno == EINTR);
  // What this machine does not take is lost as what the network does not deliver: it times out.
  // What an earlier datagram came to is told by recv(2) as well.
  if (count > 0) worker().tally().bytes_sent += static_cast<std::uint64_t>(count);
}

void DatagramClient::on_ready(Ready /*ready*/) {
  const auto room = worker().scratch();
  const auto got = polymux::receive(fd(), room);
  if (got.status == IoStatus::would_block) return;
  if (got.status == IoStatus::reset || got.status == IoStatus::failed) {
    return fail_all(polymux::last_error());
  }
  // An empty datagram looks like the end of a stream.
  receive(room.first(got.status == IoStatus::done ? got.count : 0), Clock::now());
}

void DatagramClient::receive(std::span<const char> answer, Instant now) {
  const auto number = DatagramNumber::read(answer);
  if (!number || *number >= sent_ * slots_.size()) {
    ++worker().tally().strays;
    return;
  }
  auto& slot = slots_[static_cast<std::size_t>(*number % slots_.size())];
  if (!slot.is_waiting || slot.number != *number) {
    ++worker().tally().late;
    return;
  }
  if (is_right(slot, answer)) {
    worker().tally().bytes_received += answer.size();
    worker().note_answered(slot.since, now);
  } else {
    worker().note_unanswered(1, Failure::wrong);
  }
  release(slot);
  be_well();
  worker().feed(*this, now);
}

bool DatagramClient::is_right(const Slot& slot, std::span<const char> answer) {
  const auto& payload = worker().plan().payload;
  const auto body = answer.subspan(DatagramNumber::size);
  const auto size = static_cast<std::size_t>(slot.size) - DatagramNumber::size;
  if (body.size() == size && payload.is_answer(slot.number, body)) return true;
  const auto known = body.first(std::min(size, body.size()));
  const auto wrong = payload.first_wrong(slot.number, known).value_or(known.size());
  const bool is_there = wrong < known.size();
  worker().note_wrong(
      {.connection = this->number(),
       .position = DatagramNumber::size + wrong,
       .expected = static_cast<unsigned char>(payload.answer_at(slot.number + wrong)),
       .got = static_cast<unsigned char>(is_there ? body[wrong] : 0),
       .is_surplus = !is_there});
  return false;
}

void DatagramClient::release(Slot& slot) {
  slot.is_waiting = false;
  free_.push_back(static_cast<std::uint32_t>(&slot - slots_.data()));
}

void DatagramClient::fail_all(const std::error_code& error) {
  const auto why = classify(error);
  if (why == Failure::other) worker().note_error(error);
  for (auto& slot : slots_) {
    if (!slot.is_waiting) continue;
    worker().note_unanswered(1, why);
    release(slot);
  }
  // Whoever is refused at once would ask without pause.
  is_well_ = false;
  rest(Clock::now());
  worker().note_settled();
}

void DatagramClient::sweep(Instant now) {
  if (!is_active() || is_resting(now)) return;
  is_well_ = true;
  const auto oldest = now - worker().plan().options.timeout;
  for (auto& slot : slots_) {
    if (!slot.is_waiting || slot.asked >= oldest) continue;
    worker().note_unanswered(1, Failure::timed_out);
    release(slot);
  }
  worker().feed(*this, now);
}

void DatagramClient::give_up(Failure why) {
  for (auto& slot : slots_) {
    if (!slot.is_waiting) continue;
    worker().note_unanswered(1, why);
    release(slot);
  }
  is_well_ = false;
  close_socket();
}

}  // namespace load
