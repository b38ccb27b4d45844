#include "core/service/acceptor.hpp"

#include <utility>

#include "platform/accept.hpp"

namespace polymux {
namespace {

// In one turn, so that those who are being served have theirs.
constexpr int clients_per_turn = 64;

// As many as Linux lets wait (SOMAXCONN, listen(2)), and an end to it if they come faster.
constexpr int longest_queue = 4096;

}  // namespace

Acceptor::Acceptor(EventLoop& loop, AcceptorOwner& owner, DescriptorReserve& reserve,
                   Listener listener)
    : Watcher(loop), owner_(owner), reserve_(reserve), listener_(std::move(listener)) {}

Acceptor::~Acceptor() {
  stop();
}

std::error_code Acceptor::open() noexcept {
  return start(listener_.socket.get(), Interest::read);
}

void Acceptor::pause() noexcept {
  // To change a registration may fail, for want of memory; to end it never does.
  stop();
}

std::error_code Acceptor::resume() noexcept {
  return is_active() ? std::error_code{} : open();
}

void Acceptor::on_ready(Ready ready) {
  accept_some();
  // Said to be closed, and silent from now on: it is tried again after a while.
  if (ready == Ready::invalid) owner_.on_exhausted();
}

bool Acceptor::accept_some() noexcept {
  for (int count = 0; count < clients_per_turn; ++count) {
    auto [status, client] = accept_client(listener_.socket.get());
    switch (status) {
      case AcceptStatus::accepted:
        owner_.on_accepted(std::move(client));
        break;
      case AcceptStatus::none:
        return false;
      case AcceptStatus::lost:
        owner_.on_accept_error();
        break;
      case AcceptStatus::no_descriptor:
        if (!owner_.on_no_descriptor() && !refuse_some()) owner_.on_exhausted();
        return false;
      case AcceptStatus::unable:
        owner_.on_accept_error();
        owner_.on_exhausted();
        return false;
    }
  }
  return true;
}

bool Acceptor::refuse_some() noexcept {
  reserve_.give_up();
  auto status = AcceptStatus::accepted;
  for (int count = 0; count < clients_per_turn; ++count) {
    auto result = accept_client(listener_.socket.get());
    status = result.status;
    if (status == AcceptStatus::accepted) {
      owner_.on_refused();
    } else if (status == AcceptStatus::lost) {
      owner_.on_accept_error();
    } else {
      break;
    }
  }
  // Anything but an empty queue means that the descriptor was taken by another meanwhile.
  const bool is_done = status == AcceptStatus::accepted || status == AcceptStatus::lost ||
                       status == AcceptStatus::none;
  return reserve_.fill() && is_done;
}

void Acceptor::accept_last() noexcept {
  // From here on a new client finds no server, rather than one that ends.
  listener_.file.remove();
  for (int count = 0; count < longest_queue && accept_some(); count += clients_per_turn) {
  }
}

}  // namespace polymux
