#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include <polymux/poller/event.hpp>

#include "tests/differential/operation.hpp"

namespace polymux::differential {

/// What may be reported of an open file, and what of it has to be.
struct Promise {
  Ready must = Ready::none;
  Ready may = Ready::none;
};

/// Every flag that a file can be ready for, hints included.
inline constexpr Ready directions = Ready::readable | Ready::writable | Ready::priority;
inline constexpr Ready hints = Ready::read_closed | Ready::hangup | Ready::error;

[[nodiscard]] constexpr Ready without(Ready set, Ready taken) {
  return static_cast<Ready>(static_cast<unsigned>(set) & ~static_cast<unsigned>(taken));
}

/// The open files of a sequence, as arithmetic: no system call is made here. What is done to
/// descriptors is told, with the counts that the kernel answered, and each file says what it is
/// ready for by that. Where kernels differ, or time has to pass, the answer is "may".
class Files {
 public:
  using Id = int;
  static constexpr Id none = -1;

  /// Both ends of a channel; of a listener, a refused one, a file or a device only the first.
  struct Ends {
    Id near = none;
    Id far = none;
  };
  Ends open(Kind kind);
  /// A new reader or writer of a FIFO whose old one was closed, while `other` is open.
  Id open_again(Id closed, Id other);
  /// A client of `listener`, which waits to be accepted.
  Id connect(Id listener);
  /// The first connection that waits; it counts as open from now on.
  Id accept(Id listener);

  /// Another descriptor for the file, and one less.
  void refer(Id id) { ++at(id).references; }
  void release(Id id);
  /// Somebody else may keep it open when the last descriptor goes: the other side may hear of it
  /// late.
  void hold(Id id) { at(id).is_held = true; }
  /// The file is closed by a reset when the last descriptor goes.
  void reset_on_close(Id id) { at(id).aborts = true; }

  /// `count` bytes or datagrams were sent; zero if it failed.
  void written(Id id, std::size_t count);
  /// As `written`, until nothing more fitted.
  void filled(Id id, std::size_t count);
  /// `count` bytes or datagrams were read; zero if it failed.
  void taken(Id id, std::size_t count);
  void half_closed(Id id);
  void sent_urgent(Id id);
  void took_urgent(Id id);

  [[nodiscard]] Promise promise(Id id) const;

  /// Bytes or datagrams that were sent to it and not read.
  [[nodiscard]] std::size_t unread(Id id) const { return at(id).unread; }
  [[nodiscard]] Kind kind(Id id) const { return at(id).kind; }
  [[nodiscard]] Id peer(Id id) const { return at(id).peer; }
  [[nodiscard]] bool can_read(Id id) const { return at(id).can_read; }
  [[nodiscard]] bool can_write(Id id) const { return at(id).can_write; }
  [[nodiscard]] bool is_pollable(Id id) const;
  /// Whether bytes go through it, so that it can be read, written and drained.
  [[nodiscard]] bool is_channel(Id id) const;
  /// The other side, or the connection, is over: a multiplexer may say so in its own words.
  [[nodiscard]] bool is_over(Id id) const;
  /// Nothing is delivered late, nor roused for no reason.
  [[nodiscard]] bool is_prompt(Id id) const { return at(id).kind < Kind::udp; }
  /// It may get room that the kernel tells nobody of who sleeps: a terminal, when bytes move on to
  /// the reader's side; a full socket, when its owner shuts down writing.
  [[nodiscard]] bool is_told_late(Id id) const;
  [[nodiscard]] bool can_send_urgent(Id id) const;
  [[nodiscard]] bool has_urgent(Id id) const { return at(id).urgent == Urgent::waits; }
  [[nodiscard]] std::size_t backlog(Id id) const { return at(id).backlog.size(); }
  /// From here on the error of a socket may be gone before its owner has asked for it.
  void let_errors_be_taken() { are_errors_safe_ = false; }

 private:
  enum class Urgent { never, waits, taken };

  struct File {
    Kind kind = Kind::socket_pair;
    bool can_read = true;
    bool can_write = true;
    Id peer = none;
    int references = 1;
    /// Sent to it and not read, by now or soon.
    std::size_t unread = 0;
    /// Writes since the way out was last known to be empty.
    int writes = 0;
    /// The way out is full; or was, and a part was read.
    bool is_full = false;
    bool has_unknown_room = false;
    bool own_end = false;
    bool peer_end = false;
    bool is_gone = false;
    bool is_reset = false;
    /// The error of a reset that nobody has taken.
    bool has_error = false;
    /// What the kernel makes of it is nobody's promise.
    bool is_murky = false;
    bool is_held = false;
    bool aborts = false;
    bool had_writer = false;
    Urgent urgent = Urgent::never;
    std::deque<Id> backlog{};
  };

  [[nodiscard]] File& at(Id id) { return files_.at(static_cast<std::size_t>(id)); }
  [[nodiscard]] const File& at(Id id) const { return files_.at(static_cast<std::size_t>(id)); }
  Id make(Kind kind);
  Ends make_pair(Kind kind);
  void close(Id id);
  void close_stream(File& gone);
  void blur_other_side(const File& gone);
  static void break_off(File& file);

  [[nodiscard]] Promise of_stream(const File& file) const;
  [[nodiscard]] static Promise of_pipe(const File& file);
  [[nodiscard]] static Promise of_terminal(const File& file);
  [[nodiscard]] static Promise of_refused(const File& file);
  [[nodiscard]] Promise of_listener(const File& file) const;
  [[nodiscard]] static Promise room_of(const File& file);

  std::deque<File> files_;
  bool are_errors_safe_ = true;
};

}  // namespace polymux::differential
