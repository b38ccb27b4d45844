#include "completion_stream.hpp"

#include <utility>

#include "platform/unique_fd.hpp"
#include "worker.hpp"

namespace load {

std::error_code CompletionStream::begin_to_carry() {
  polymux::UniqueFd socket(fd());
  stop();
  link_ = worker().completions().open(*this, std::move(socket));
  return worker().completions().receive(*link_);
}

void CompletionStream::send_more() {
  if (link_->is_sending || !has_unsent()) return;
  const auto piece = unsent();
  // The kernel reads it in a moment, when all that is asked is handed over.
  __builtin_prefetch(piece.data());
  __builtin_prefetch(piece.data() + piece.size() - 1);
  if (const auto error = worker().completions().send(*link_, piece)) return fail_by_system(error);
  in_flight_ = piece.size();
  // Its answer may be told of before this is known to be done.
  note_sent(in_flight_);
}

void CompletionStream::on_sent(std::size_t count) {
  note_unsent(in_flight_ - count);
  send_more();
}

void CompletionStream::let_go() noexcept {
  close_socket();
  if (link_) worker().completions().close(std::exchange(link_, nullptr));
}

}  // namespace load
