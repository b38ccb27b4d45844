#include "tally.hpp"

#include <algorithm>
#include <functional>

namespace load {
namespace {

void add(FailureCounts& to, const FailureCounts& from) noexcept {
  std::ranges::transform(to, from, to.begin(), std::plus{});
}

}  // namespace

void Tally::merge(const Tally& other) {
  asked += other.asked;
  answered += other.answered;
  add(failures, other.failures);
  unsent += other.unsent;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  answered_in_time += other.answered_in_time;
  bytes_received_in_time += other.bytes_received_in_time;
  late += other.late;
  strays += other.strays;
  connections_opened += other.connections_opened;
  add(connection_failures, other.connection_failures);
  add(connection_losses, other.connection_losses);
  idle_opened += other.idle_opened;
  idle_kept += other.idle_kept;
  if (!first_wrong) first_wrong = other.first_wrong;
  if (first_error.empty()) first_error = other.first_error;
}

}  // namespace load
