#include "tests/differential/files.hpp"

namespace polymux::differential {
namespace {

constexpr Promise anything{Ready::none, directions | hints};

// So many small writes fit everywhere; beyond it room is what the kernel says.
constexpr int surely_fit = 16;

Promise operator|(Promise a, Promise b) {
  return {a.must | b.must, a.may | b.may};
}

Promise must(Ready ready) {
  return {ready, ready};
}

Promise may(Ready ready) {
  return {Ready::none, ready};
}

bool is_stream(Kind kind) {
  return kind == Kind::socket_pair || kind == Kind::tcp;
}

bool is_pipe(Kind kind) {
  return kind == Kind::pipe || kind == Kind::fifo;
}

}  // namespace

Files::Id Files::make(Kind kind) {
  files_.push_back({.kind = kind});
  return static_cast<Id>(files_.size()) - 1;
}

Files::Ends Files::make_pair(Kind kind) {
  const Ends pair{make(kind), make(kind)};
  at(pair.near).peer = pair.far;
  at(pair.far).peer = pair.near;
  if (is_pipe(kind)) {
    at(pair.near).can_write = false;
    at(pair.near).had_writer = true;
    at(pair.far).can_read = false;
  }
  return pair;
}

Files::Ends Files::open(Kind kind) {
  switch (kind) {
    case Kind::listener:
    case Kind::regular_file:
      return {.near = make(kind)};
    case Kind::refused: {
      const auto id = make(kind);
      at(id).has_error = true;
      return {.near = id};
    }
    case Kind::null_device: {
      const auto id = make(kind);
      at(id).can_write = false;
      return {.near = id};
    }
    default:
      return make_pair(kind);
  }
}

Files::Id Files::open_again(Id closed, Id other) {
  const auto old = at(closed);
  const auto id = make(Kind::fifo);
  auto& fresh = at(id);
  fresh.can_read = old.can_read;
  fresh.can_write = old.can_write;
  fresh.peer = other;
  auto& there = at(other);
  fresh.is_murky = there.is_murky;
  there.peer = id;
  there.is_gone = false;
  if (fresh.can_read) {
    // What was written waits in the FIFO for as long as anybody has it open.
    fresh.unread = old.unread;
    fresh.had_writer = true;
  } else {
    there.had_writer = true;
    // How full it is, only the old writer knew.
    fresh.has_unknown_room = there.unread > 0;
  }
  return id;
}

Files::Id Files::connect(Id listener) {
  const auto pair = make_pair(Kind::tcp);
  at(pair.near).references = 0;
  at(listener).backlog.push_back(pair.near);
  return pair.far;
}

Files::Id Files::accept(Id listener) {
  auto& waiting = at(listener).backlog;
  const auto id = waiting.front();
  waiting.pop_front();
  at(id).references = 1;
  return id;
}

void Files::release(Id id) {
  if (--at(id).references == 0) close(id);
}

void Files::blur_other_side(const File& gone) {
  if (gone.peer != none) at(gone.peer).is_murky = true;
  for (const auto waiting : gone.backlog) blur_other_side(at(waiting));
}

void Files::close(Id id) {
  auto& gone = at(id);
  if (gone.is_held) blur_other_side(gone);
  if (is_stream(gone.kind)) {
    close_stream(gone);
  } else if (gone.kind == Kind::listener) {
    for (const auto waiting : gone.backlog) {
      at(waiting).aborts = true;
      close_stream(at(waiting));
    }
  } else if (gone.peer != none) {
    at(gone.peer).is_gone = true;
    at(gone.peer).has_error = is_pipe(gone.kind);
  }
}

void Files::close_stream(File& gone) {
  auto& left = at(gone.peer);
  if (left.is_gone) return;
  left.is_gone = true;
  if (gone.aborts || gone.unread > 0) {
    break_off(left);
  } else {
    left.peer_end = true;
    // Whether an urgent byte counts as read is the kernel's affair.
    if (gone.urgent != Urgent::never) left.is_murky = true;
  }
}

void Files::break_off(File& file) {
  file.is_reset = true;
  file.has_error = !file.peer_end;
}

void Files::written(Id id, std::size_t count) {
  auto& file = at(id);
  if (file.kind == Kind::refused || file.is_reset) file.has_error = false;
  if (file.kind == Kind::udp && file.is_gone) file.is_murky = true;
  if (file.kind == Kind::tcp && file.is_gone && !file.is_reset) {
    // It is answered with a reset.
    file.is_reset = true;
  }
  if (count == 0 || file.peer == none || file.is_gone) return;
  at(file.peer).unread += count;
  if (++file.writes > surely_fit) file.has_unknown_room = true;
}

void Files::filled(Id id, std::size_t count) {
  written(id, count);
  auto& file = at(id);
  // A terminal takes what nobody will read, until it is full too.
  const bool takes = !file.is_gone || file.kind == Kind::terminal;
  if (takes && !file.own_end) file.is_full = true;
}

void Files::taken(Id id, std::size_t count) {
  auto& file = at(id);
  if (file.kind == Kind::refused || file.is_reset) file.has_error = false;
  // A read may pass over the urgent byte.
  if (file.urgent == Urgent::waits) file.urgent = Urgent::taken;
  if (count == 0) return;
  file.unread -= count < file.unread ? count : file.unread;
  if (file.peer == none) return;
  auto& writer = at(file.peer);
  if (file.unread == 0) {
    writer.is_full = false;
    writer.has_unknown_room = false;
    writer.writes = 0;
  } else if (writer.is_full) {
    writer.has_unknown_room = true;
  }
}

void Files::half_closed(Id id) {
  auto& file = at(id);
  file.own_end = true;
  if (!file.is_gone) at(file.peer).peer_end = true;
}

void Files::sent_urgent(Id id) {
  const auto& file = at(id);
  // Behind what finds no room it arrives when there is some, and nobody can say when.
  const bool is_stuck = file.is_full || file.has_unknown_room;
  at(file.peer).urgent = is_stuck ? Urgent::taken : Urgent::waits;
}

void Files::took_urgent(Id id) {
  at(id).urgent = Urgent::taken;
}

bool Files::is_pollable(Id id) const {
  return at(id).kind != Kind::regular_file && at(id).kind != Kind::null_device;
}

bool Files::is_channel(Id id) const {
  return is_pollable(id) && at(id).kind != Kind::listener;
}

bool Files::is_over(Id id) const {
  const auto& file = at(id);
  return file.is_gone || file.is_reset || file.is_murky || file.kind == Kind::refused ||
         (file.own_end && file.peer_end) || file.urgent != Urgent::never;
}

bool Files::is_told_late(Id id) const {
  const auto& file = at(id);
  return file.kind == Kind::terminal || (file.own_end && (file.is_full || file.has_unknown_room));
}

bool Files::can_send_urgent(Id id) const {
  const auto& file = at(id);
  return file.kind == Kind::tcp && !is_over(id) && !file.own_end &&
         at(file.peer).urgent == Urgent::never;
}

Promise Files::promise(Id id) const {
  const auto& file = at(id);
  if (file.is_murky) return anything;
  switch (file.kind) {
    case Kind::socket_pair:
    case Kind::tcp:
      return of_stream(file);
    case Kind::pipe:
    case Kind::fifo:
      return of_pipe(file);
    case Kind::udp:
      return must(Ready::writable) | must(file.unread > 0 ? Ready::readable : Ready::none);
    case Kind::terminal:
      return of_terminal(file);
    case Kind::listener:
      return of_listener(file);
    case Kind::refused:
      return of_refused(file);
    default:
      return anything;
  }
}

Promise Files::room_of(const File& file) {
  // A full TCP connection may move on by itself, for the other side's buffer grows.
  if (file.is_full && !file.has_unknown_room && file.kind != Kind::tcp && !file.own_end &&
      file.kind != Kind::terminal) {
    return {};
  }
  if (file.is_full || file.has_unknown_room) return may(Ready::writable);
  return must(Ready::writable);
}

Promise Files::of_stream(const File& file) const {
  Promise promise = room_of(file);
  if (file.unread > 0 || file.peer_end || file.is_gone || file.is_reset) {
    promise = promise | must(Ready::readable);
  }
  if (file.is_gone || file.is_reset) promise = promise | must(Ready::writable);
  if (file.urgent == Urgent::waits) {
    promise = promise | must(Ready::priority) | may(Ready::readable);
  }
  if (file.urgent == Urgent::taken) promise = promise | may(Ready::priority | Ready::readable);
  if (file.is_reset) {
    promise = promise | may(hints);
    if (file.has_error && are_errors_safe_) promise.must |= Ready::error;
    return promise;
  }
  if (!file.peer_end) return promise;
  const bool is_done = file.own_end || file.is_gone;
  // The end of a TCP stream waits behind what finds no room.
  if (file.kind == Kind::tcp && file.unread > 0) {
    return promise | may(is_done ? Ready::read_closed | Ready::hangup : Ready::read_closed);
  }
  promise = promise | must(Ready::read_closed);
  if (is_done) promise = promise | (file.own_end ? must(Ready::hangup) : may(Ready::hangup));
  return promise;
}

Promise Files::of_pipe(const File& file) {
  if (file.can_read) {
    Promise promise = must(file.unread > 0 ? Ready::readable : Ready::none);
    if (!file.is_gone || !file.had_writer) return promise;
    return promise | must(Ready::readable | Ready::hangup) | may(Ready::read_closed);
  }
  if (!file.is_gone) return room_of(file);
  return must(Ready::writable | Ready::error) | may(Ready::hangup);
}

Promise Files::of_terminal(const File& file) {
  Promise promise = must(file.unread > 0 ? Ready::readable : Ready::none) | room_of(file);
  if (!file.is_gone) return promise;
  // select(2) knows a hang-up as readable alone, and a full terminal stays full.
  return promise | must(Ready::readable | Ready::hangup) | may(Ready::writable | hints);
}

Promise Files::of_listener(const File& file) const {
  if (file.backlog.empty()) return {};
  for (const auto waiting : file.backlog) {
    const auto& connection = at(waiting);
    if (!connection.is_gone) return must(Ready::readable);
  }
  return may(Ready::readable);
}

Promise Files::of_refused(const File& file) {
  Promise promise = must(Ready::readable | Ready::writable) | may(hints);
  if (file.has_error) promise.must |= Ready::error;
  return promise;
}

}  // namespace polymux::differential
