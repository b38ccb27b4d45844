#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/differential/operation.hpp"

namespace polymux::differential {

/// Steps that are played to a poller, written as code:
///
///     Sequence().open(0, Kind::pipe).add(near(0), Interest::read).write(far(0), 1).wait(4)
///
/// and printed the same way, so that what failed can be pasted into regression_test.cpp.
class Sequence {
 public:
  Sequence() = default;
  explicit Sequence(std::vector<Operation> operations) : operations_(std::move(operations)) {}

  /// Opens both ends of a channel that has none, or what is missing of a FIFO.
  Sequence& open(int channel, Kind kind);
  /// A client begins to connect to the listener of the channel.
  Sequence& connect(int channel);
  Sequence& accept(int channel);
  /// So many bytes; on UDP, one datagram of that size.
  Sequence& write(Place place, int bytes);
  Sequence& read(Place place, int bytes);
  /// Writes until nothing more fits.
  Sequence& fill(Place place);
  /// Reads all that was sent.
  Sequence& drain(Place place);
  Sequence& half_close(Place place);
  Sequence& send_urgent(Place place);
  Sequence& take_urgent(Place place);
  /// Makes `copy_of(place)`.
  Sequence& duplicate(Place place);
  /// The number of `place` means the file of `by` from then on, as after close and dup.
  Sequence& replace(Place place, Place by);
  /// Ends the registration first.
  Sequence& close(Place place);
  Sequence& close_without_remove(Place place);
  /// Ends a connection by a reset, and the registration before.
  Sequence& reset(Place place);

  Sequence& add(Place place, Interest interest, Trigger trigger = Trigger::level);
  Sequence& modify(Place place, Interest interest, Trigger trigger = Trigger::level);
  Sequence& remove(Place place);
  /// Looks and returns. Room for none is a mistake.
  Sequence& wait(int room);
  /// With a time-out of a fraction of a millisecond.
  Sequence& wait_briefly(int room);
  /// Without a bound where something must be reported; else as `wait`.
  Sequence& wait_long(int room);
  Sequence& wake();

  [[nodiscard]] std::span<const Operation> operations() const noexcept { return operations_; }

  friend bool operator==(const Sequence&, const Sequence&) = default;

 private:
  Sequence& append(const Operation& operation);

  std::vector<Operation> operations_;
};

/// An expression that makes the sequence, one step a line.
[[nodiscard]] std::string to_code(const Sequence& sequence);

/// A test to paste into regression_test.cpp.
[[nodiscard]] std::string to_test(const Sequence& sequence);

/// What a fuzzer's bytes mean: four to a step, all of them something. `cheap` leaves out the kinds
/// of channel that cost many system calls.
[[nodiscard]] Sequence to_sequence(std::span<const std::uint8_t> bytes, bool cheap);

}  // namespace polymux::differential
