#include "client.hpp"

#include <algorithm>

#include "worker.hpp"

namespace load {

Client::Client(Worker& worker, std::uint64_t number, Role role) noexcept
    : Watcher(worker.loop()), worker_(worker), number_(number), role_(role) {}

Client::~Client() {
  close_socket();
}

Route Client::route(Transport transport) const noexcept {
  const auto& plan = worker_.plan();
  return {.to = plan.target.address(),
          .from = plan.target.source_of(number_),
          .transport = transport,
          .ends_in_order = plan.options.ends_in_order};
}

std::error_code Client::connect(Transport transport, polymux::Interest interest) {
  polymux::UniqueFd socket;
  if (const auto error = begin_connecting(route(transport), socket)) return error;
  if (const auto error = start(socket.get(), interest)) return error;
  static_cast<void>(socket.release());
  return {};
}

void Client::close_socket() noexcept {
  const polymux::UniqueFd socket(fd());
  stop();
}

void Client::rest(Instant now) noexcept {
  using namespace std::chrono_literals;
  constexpr int most_doublings = 6;
  rests_until_ = now + 10ms * (1 << std::min<int>(failures_, most_doublings));
  if (failures_ < most_doublings) ++failures_;
}

}  // namespace load
