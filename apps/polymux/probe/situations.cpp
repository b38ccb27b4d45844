#include <algorithm>
#include <iterator>

#include "kind.hpp"

namespace probe {
namespace {

constexpr Situation situations[] = {
    {"idle", "nothing to read, room to write, nobody gone"},
    {"data", "something to read: bytes, an event, or a member that is ready"},
    {"partial-line", "bytes without an end of line, on a terminal that reads lines"},
    {"empty-datagram", "a datagram of no bytes is waiting"},
    {"urgent", "a byte of urgent (out-of-band) data is waiting"},
    {"full", "no room to write"},
    {"backlog", "a connection waits to be accepted"},
    {"never-connected", "a socket that was never connected"},
    {"never-opened", "nobody has opened the other end yet"},
    {"connecting", "a connection that is not answered"},
    {"connected", "a connection that has just been made"},
    {"refused", "nobody listens there: the connection, or the datagram, was refused"},
    {"own-half-closed", "shut down for writing, on this side"},
    {"own-read-closed", "shut down for reading, on this side"},
    {"own-shut-down", "shut down for both, on this side"},
    {"peer-half-closed", "the peer has shut down its writing"},
    {"data-peer-half-closed", "bytes to read, after which the peer has shut down its writing"},
    {"both-half-closed", "this side and then the peer have shut down their writing"},
    {"peer-closed", "the peer has closed its end, with nothing left to read"},
    {"data-peer-closed", "bytes to read, after which the peer has closed its end"},
    {"reopened", "the last writer has closed, and another has opened"},
    {"reset", "the connection was reset"},
    {"data-reset", "bytes to read, after which the connection was reset"},
    {"reset-fetched", "the connection was reset, and SO_ERROR has told so"},
    {"child-exited", "the process has ended, and nobody has waited for it"},
    {"child-reaped", "the process has ended and was waited for"},
    {"closed-number", "the number was closed after the multiplexer was told of it"},
    {"dup-closed", "as closed-number, with a duplicate still open and data waiting"},
    {"reused", "as closed-number, and the number is another file by now, with data waiting"},
};

}  // namespace

std::span<const Situation> all_situations() noexcept {
  return situations;
}

std::string_view meaning_of(std::string_view situation) noexcept {
  const auto* const found =
      std::ranges::find(situations, situation, [](const Situation& one) { return one.name; });
  return found == std::end(situations) ? std::string_view() : found->meaning;
}

}  // namespace probe
