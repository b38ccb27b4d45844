#include "readiness_stream.hpp"

#include "platform/socket_io.hpp"
#include "platform/system_error.hpp"
#include "worker.hpp"

namespace load {

using polymux::Interest;
using polymux::IoStatus;
using polymux::Ready;

void ReadinessStream::on_ready(Ready ready) {
  if (is_connecting()) return finish_connecting();
  if (contains(ready, Ready::writable)) send_more();
  if (contains(ready, Ready::readable) && is_active()) receive();
}

void ReadinessStream::receive() {
  const auto room = worker().scratch();
  const auto got = polymux::receive(fd(), room);
  switch (got.status) {
    case IoStatus::done:
      return take(room.first(got.count), Clock::now());
    case IoStatus::would_block:
      return;
    case IoStatus::end_of_stream:
      return end_by_server();
    case IoStatus::reset:
    case IoStatus::failed:
      return fail_by_system(polymux::last_error());
  }
}

void ReadinessStream::send_more() {
  while (has_unsent()) {
    const auto piece = unsent();
    const auto result = polymux::send(fd(), piece);
    if (result.status == IoStatus::would_block) break;
    if (result.status != IoStatus::done) return fail_by_system(polymux::last_error());
    note_sent(result.count);
    // The kernel takes no more for now.
    if (result.count < piece.size()) break;
  }
  const auto wanted = has_unsent() ? Interest::read | Interest::write : Interest::read;
  if (wanted == interest()) return;
  if (const auto error = set_interest(wanted)) fail_by_system(error);
}

}  // namespace load
