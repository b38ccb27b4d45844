#include "tests/differential/world.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/differential/descriptors.hpp"
#include "tests/support/clocks.hpp"

namespace polymux::differential {
namespace {

#ifdef POLLRDHUP
constexpr int read_closed_bit = POLLRDHUP;
#else
constexpr int read_closed_bit = 0;
#endif

// As the contract reads poll(2): a hang-up or error makes ready both directions.
Ready to_ready(int bits) {
  Ready ready = Ready::none;
  if ((bits & (POLLIN | POLLHUP | POLLERR | read_closed_bit)) != 0) ready |= Ready::readable;
  if ((bits & (POLLOUT | POLLHUP | POLLERR)) != 0) ready |= Ready::writable;
  if ((bits & POLLPRI) != 0) ready |= Ready::priority;
  if ((bits & read_closed_bit) != 0) ready |= Ready::read_closed;
  if ((bits & POLLHUP) != 0) ready |= Ready::hangup;
  if ((bits & POLLERR) != 0) ready |= Ready::error;
  return ready;
}

// What poll(2) of this system can tell of a promise.
Ready visible(Ready ready) {
  return read_closed_bit != 0 ? ready : without(ready, Ready::read_closed);
}

}  // namespace

World::World() {
  // Writing to who has gone is a part of the game, and SIGPIPE would end the program.
  static const auto ignored = ::signal(SIGPIPE, SIG_IGN);
  static_cast<void>(ignored);
}

World::~World() {
  // A connection that is closed by a reset leaves no port in TIME_WAIT.
  for (const auto& slot : slots_) {
    if (slot.fd && files_.kind(slot.file) == Kind::tcp) Descriptors::reset_on_close(slot.number);
  }
}

void World::put(Place place, test::Fd fd, Files::Id file) {
  auto& slot = at(place);
  slot.number = fd.get();
  slot.fd = std::move(fd);
  slot.file = file;
  meanings_[slot.number] = file;
}

void World::mark_changed(Files::Id file) {
  changed_.push_back(file);
  if (files_.peer(file) != Files::none) changed_.push_back(files_.peer(file));
}

Meaning World::meaning_of(int number) const {
  const auto known = meanings_.find(number);
  if (known == meanings_.end()) return {};
  const auto file = known->second;
  return {.file = file,
          .can_read = files_.can_read(file),
          .can_write = files_.can_write(file),
          .is_pollable = files_.is_pollable(file)};
}

bool World::is_strangers(int number) const {
  return number >= 0 && !meanings_.contains(number) && Descriptors::is_open(number);
}

bool World::will_change_number(const Operation& operation) const {
  const bool is_open_here = is_open(operation.place);
  switch (operation.verb) {
    case Verb::close:
    case Verb::close_without_remove:
    case Verb::reset:
      return is_open_here;
    case Verb::replace:
      return is_open_here && is_open(operation.other) && operation.place != operation.other;
    default:
      return false;
  }
}

std::string World::perform(const Operation& operation) {
  auto& slot = at(operation.place);
  switch (operation.verb) {
    case Verb::open:
      open(channel_of(operation.place), operation.kind);
      return {};
    case Verb::connect:
      connect(channel_of(operation.place));
      return {};
    case Verb::accept:
      accept(channel_of(operation.place));
      return {};
    case Verb::replace:
      if (will_change_number(operation)) replace(operation.place, operation.other);
      return {};
    default:
      break;
  }
  if (!slot.fd) return {};
  const auto kind = files_.kind(slot.file);
  switch (operation.verb) {
    case Verb::duplicate:
      duplicate(operation.place);
      return {};
    case Verb::close:
    case Verb::close_without_remove:
      close(operation.place);
      return {};
    case Verb::reset:
      reset(operation.place);
      return {};
    default:
      break;
  }
  if (!files_.is_channel(slot.file)) return {};
  const bool can_read = files_.can_read(slot.file);
  const bool can_write = files_.can_write(slot.file);
  std::string wrong;
  switch (operation.verb) {
    case Verb::write:
      // Nothing at all is an empty datagram, and elsewhere no write.
      if (can_write && (operation.amount > 0 || kind == Kind::udp)) {
        auto count = Descriptors::write(slot.number, operation.amount);
        if (kind == Kind::udp) count = 1;
        files_.written(slot.file, count);
      }
      break;
    case Verb::fill:
      if (can_write && kind != Kind::udp) {
        files_.filled(slot.file, Descriptors::fill(slot.number, kind));
      }
      break;
    case Verb::read:
      if (can_read && operation.amount > 0) {
        files_.taken(slot.file, Descriptors::read(slot.number, operation.amount, kind));
      }
      break;
    case Verb::drain:
      if (can_read) wrong = drain(slot);
      break;
    case Verb::half_close:
      if ((kind == Kind::tcp || kind == Kind::socket_pair) && !files_.is_over(slot.file) &&
          Descriptors::half_close(slot.number)) {
        files_.half_closed(slot.file);
      }
      break;
    case Verb::send_urgent:
      send_urgent(slot);
      break;
    case Verb::take_urgent:
      take_urgent(slot);
      break;
    default:
      return {};
  }
  mark_changed(slot.file);
  return wrong;
}

void World::open(int channel, Kind kind) {
  auto& first = at(near(channel));
  auto& second = at(far(channel));
  const bool is_fifo = kind == Kind::fifo;
  if (is_fifo && static_cast<bool>(first.fd) != static_cast<bool>(second.fd)) {
    return open_fifo_again(channel);
  }
  if (first.fd || second.fd) return;
  // A duplicate may still have the FIFO of this channel open.
  if (is_fifo && (at(copy_of(near(channel))).fd || at(copy_of(far(channel))).fd)) return;
  auto fds = Descriptors::open(channel, kind);
  const auto ids = files_.open(kind);
  put(near(channel), std::move(fds.near), ids.near);
  if (fds.far) put(far(channel), std::move(fds.far), ids.far);
}

void World::open_fifo_again(int channel) {
  const bool is_reader = !at(near(channel)).fd;
  const auto missing = is_reader ? near(channel) : far(channel);
  const auto& there = at(is_reader ? far(channel) : near(channel));
  if (files_.kind(there.file) != Kind::fifo || at(copy_of(missing)).fd) return;
  const auto closed = files_.peer(there.file);
  if (closed != at(missing).file) return;
  auto fd = is_reader ? Descriptors::open_reader(channel) : Descriptors::open_writer(channel);
  put(missing, std::move(fd), files_.open_again(closed, there.file));
  mark_changed(there.file);
}

void World::connect(int channel) {
  const auto& listener = at(near(channel));
  constexpr std::size_t most = 8;
  if (!listener.fd || files_.kind(listener.file) != Kind::listener || at(far(channel)).fd ||
      files_.backlog(listener.file) == most) {
    return;
  }
  auto fd = Descriptors::connect(listener.number);
  put(far(channel), std::move(fd), files_.connect(listener.file));
  mark_changed(listener.file);
}

void World::accept(int channel) {
  const auto& listener = at(near(channel));
  const auto accepted = copy_of(near(channel));
  if (!listener.fd || files_.kind(listener.file) != Kind::listener || at(accepted).fd ||
      files_.backlog(listener.file) == 0) {
    return;
  }
  auto fd = Descriptors::accept(listener.number);
  put(accepted, std::move(fd), files_.accept(listener.file));
  mark_changed(listener.file);
}

void World::duplicate(Place place) {
  if (is_copy(place) || at(copy_of(place)).fd) return;
  const auto& slot = at(place);
  files_.refer(slot.file);
  put(copy_of(place), test::duplicate(slot.fd), slot.file);
}

void World::replace(Place place, Place by) {
  auto& slot = at(place);
  const auto old = slot.file;
  files_.refer(at(by).file);
  // The number never goes through a close of ours.
  const int number = slot.fd.release();
  put(place, test::duplicate_to(at(by).fd, number), at(by).file);
  files_.release(old);
  mark_changed(old);
}

void World::close(Place place) {
  auto& slot = at(place);
  meanings_.erase(slot.number);
  slot.fd.reset();
  files_.release(slot.file);
  mark_changed(slot.file);
}

void World::reset(Place place) {
  auto& slot = at(place);
  if (files_.kind(slot.file) == Kind::tcp) {
    Descriptors::reset_on_close(slot.number);
    files_.reset_on_close(slot.file);
  }
  close(place);
}

std::string World::drain(Slot& slot) {
  const auto expected = files_.unread(slot.file);
  const auto got = Descriptors::drain(slot.number, expected, files_.kind(slot.file));
  // A connection that broke may have lost something.
  const bool is_short = got < expected && !files_.is_over(slot.file);
  files_.taken(slot.file, std::max(expected, got));
  if (expected == 0) files_.taken(slot.file, 0);
  return is_short ? "model: the kernel delivered " + std::to_string(got) + " of " +
                        std::to_string(expected) + " bytes"
                  : std::string();
}

void World::send_urgent(Slot& slot) {
  if (files_.can_send_urgent(slot.file) && Descriptors::send_urgent(slot.number)) {
    files_.sent_urgent(slot.file);
  }
}

void World::take_urgent(Slot& slot) {
  if (files_.has_urgent(slot.file) && Descriptors::take_urgent(slot.number)) {
    files_.took_urgent(slot.file);
  }
}

Ready World::closed_to(Files::Id file) const {
  Ready ready = Ready::none;
  if (!files_.can_read(file)) ready |= Ready::readable;
  if (!files_.can_write(file)) ready |= Ready::writable;
  return ready;
}

std::string World::settle(std::span<const Watched> watched) const {
  if (watched.empty()) return {};
  std::vector<pollfd> entries;
  for (const auto& [number, file] : watched) {
    constexpr int every = POLLIN | POLLOUT | POLLPRI | read_closed_bit;
    entries.push_back({.fd = number, .events = static_cast<short>(every), .revents = 0});
  }
  const auto patience = std::chrono::seconds{2} * test::slowness();
  const test::Stopwatch watch;
  for (;;) {
    ::poll(entries.data(), static_cast<nfds_t>(entries.size()), 0);
    std::string wrong;
    bool is_late = false;
    for (std::size_t index = 0; index < watched.size(); ++index) {
      const auto holds = without(to_ready(entries[index].revents), closed_to(watched[index].file));
      const auto promise = files_.promise(watched[index].file);
      const auto missing = without(visible(promise.must), holds);
      const auto excess = without(holds, promise.may);
      if (missing == Ready::none && excess == Ready::none) continue;
      is_late = is_late || missing != Ready::none;
      wrong = "model: poll(2) says " + to_string(holds) + " of descriptor " +
              std::to_string(watched[index].number) + ", and the model " + to_string(promise.must) +
              " to " + to_string(promise.may);
    }
    if (!is_late || watch.elapsed() > patience) return wrong;
    // What is under way comes from the kernel's own threads; each look lets them go on.
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace polymux::differential
