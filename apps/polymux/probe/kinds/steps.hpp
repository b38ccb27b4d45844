#pragma once

#include "apps/polymux/probe/subject.hpp"

namespace probe {

/// What happens to descriptors of more than one kind. Each returns when the news has come to the
/// near side, or some 50 ms are over; each throws SystemFailure.

void far_writes(Subject& subject);
void near_fills(Subject& subject);
/// As `near_fills`, with the time that a peer may take to acknowledge, and so to make room.
void near_fills_over_network(Subject& subject);
void far_closes(Subject& subject);
void far_writes_and_closes(Subject& subject);

// Sockets.
/// Asks for the connection, and does not wait for it.
void near_begins_to_connect(Subject& subject);
void near_connects_to_far(Subject& subject);
void near_shuts_down_writing(Subject& subject);
void near_shuts_down_reading(Subject& subject);
void near_shuts_down(Subject& subject);
void far_shuts_down_writing(Subject& subject);
void far_writes_and_shuts_down(Subject& subject);
void both_shut_down_writing(Subject& subject);
void far_sends_urgent_byte(Subject& subject);
void far_sends_nothing(Subject& subject);

// What happens to the number.
void near_is_closed(Subject& subject);
void near_is_closed_with_duplicate(Subject& subject);
void near_is_reused(Subject& subject);

}  // namespace probe
