#include "completion_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace load {
namespace {

using polymux::CompletionRing;
using namespace std::chrono_literals;

// So often before the loop has its turn, which has signals and instants to mind.
constexpr int rounds = 16;

// How long what the system cannot do now is put off.
constexpr nanoseconds pause_before_retry = 10ms;

// The last bits of a tag, which the address of a link leaves free, say which request it is of.
constexpr CompletionRing::Tag of_cancel = 0;
constexpr CompletionRing::Tag of_receive = 1;
constexpr CompletionRing::Tag of_send = 2;
constexpr CompletionRing::Tag request_bits = of_receive | of_send;

CompletionRing::Tag tag_of(const CompletionLoop::Link& link, CompletionRing::Tag request) noexcept {
  return reinterpret_cast<std::uintptr_t>(&link) | request;
}

// Without memory of the ring, interrupted or put off: nothing has happened to the connection.
bool is_harmless(int result) noexcept {
  return result == -ENOBUFS || result == -EAGAIN || result == -EINTR || result == -ECANCELED;
}

std::error_code to_error(int result) noexcept {
  return {-result, std::system_category()};
}

}  // namespace

CompletionLoop::CompletionLoop(polymux::EventLoop& loop, std::unique_ptr<CompletionRing> ring)
    : ring_(std::move(ring)),
      is_edge_(loop.poller().capabilities().edge),
      watcher_(loop,
               [this](polymux::Ready) {
                 // An edge is told once for each signal: a system call less.
                 if (!is_edge_) ring_->acknowledge();
                 process();
               }),
      again_(loop, [this] { process(); }) {}

CompletionLoop::~CompletionLoop() {
  watcher_.stop();
  // One by one, as long as that gets on: told to end all of them, the kernel looks at each for
  // each.
  for (auto left = closed_.size() + 1; closed_.size() < left;) {
    left = closed_.size();
    if (work()) break;
  }
  // The kernel may use sockets and memory until it has ended all.
  ring_->end();
  ring_.reset();
}

std::error_code CompletionLoop::start() noexcept {
  using polymux::Trigger;
  return watcher_.start(ring_->fd(), polymux::Interest::read,
                        is_edge_ ? Trigger::edge : Trigger::level);
}

std::unique_ptr<CompletionLoop::Link> CompletionLoop::open(Owner& owner, polymux::UniqueFd socket) {
  // To close one takes no memory then.
  if (closed_.capacity() <= links_) closed_.reserve(2 * links_ + 1);
  auto link = std::make_unique<Link>();
  link->owner = &owner;
  link->socket = std::move(socket);
  ++links_;
  return link;
}

std::error_code CompletionLoop::receive(Link& link) noexcept {
  if (const auto error = make_room()) return error;
  link.is_receiving = true;
  ring_->receive(link.socket.get(), std::numeric_limits<std::size_t>::max(),
                 tag_of(link, of_receive));
  return {};
}

std::error_code CompletionLoop::send(Link& link, std::span<const char> bytes) noexcept {
  if (const auto error = make_room()) return error;
  link.is_sending = true;
  ring_->send(link.socket.get(), bytes, CompletionRing::Patience::waits_for_room,
              tag_of(link, of_send));
  return {};
}

void CompletionLoop::close(std::unique_ptr<Link> link) noexcept {
  link->owner = nullptr;
  link->is_to_be_ended = true;
  closed_.push_back(std::move(link));
  if (!is_processing_) come_back(0ns);
}

std::error_code CompletionLoop::make_room() noexcept {
  if (!is_processing_) come_back(0ns);
  if (ring_->has_room()) return {};
  if (const auto error = ring_->enter()) return error;
  return ring_->has_room() ? std::error_code{} : std::make_error_code(std::errc::no_buffer_space);
}

void CompletionLoop::come_back(nanoseconds delay) noexcept {
  if (!again_.is_active()) again_.start_after(delay);
}

void CompletionLoop::process() {
  is_processing_ = true;
  again_.stop();
  ring_->set_quiet(true);
  const auto error = work();
  ring_->set_quiet(false);
  is_processing_ = false;
  // What came before that signalled nobody.
  if (error) {
    come_back(pause_before_retry);
  } else if (has_work()) {
    come_back(0ns);
  }
}

bool CompletionLoop::has_work() const noexcept {
  return ring_->has_news() || ring_->needs_enter();
}

// Hands over what is asked, and takes what is done, until there is nothing of either.
std::error_code CompletionLoop::work() {
  for (int round = 0; round < rounds; ++round) {
    const int taken = take_all();
    if (!closed_.empty()) bury();
    if (ring_->needs_enter()) {
      if (const auto error = ring_->enter()) return error;
    } else if (taken == 0) {
      break;
    }
  }
  return {};
}

int CompletionLoop::take_all() {
  now_ = Clock::now();
  int taken = 0;
  CompletionRing::Completion done;
  for (; ring_->take(done); ++taken) complete(done);
  return taken;
}

void CompletionLoop::complete(const CompletionRing::Completion& done) {
  auto& link = *reinterpret_cast<Link*>(done.tag & ~request_bits);
  switch (done.tag & request_bits) {
    case of_receive:
      return on_received(link, done);
    case of_send:
      return on_sent(link, done.result);
    default:
      return on_cancelled(link, done.result);
  }
}

void CompletionLoop::on_received(Link& link, const CompletionRing::Completion& done) {
  if (!done.has_more) link.is_receiving = false;
  if (link.owner != nullptr && done.result > 0) {
    link.owner->on_received(done.bytes, now_);
  } else if (link.owner != nullptr && done.result == 0) {
    link.owner->on_end();
  } else if (link.owner != nullptr && !is_harmless(done.result)) {
    link.owner->on_failure(to_error(done.result));
  }
  if (done.bytes.data() != nullptr) ring_->give_back(done.bytes);
  if (link.owner == nullptr || link.is_receiving) return;
  if (const auto error = receive(link)) link.owner->on_failure(error);
}

void CompletionLoop::on_sent(Link& link, int result) {
  link.is_sending = false;
  if (link.owner == nullptr) return;
  if (result < 0 && !is_harmless(result)) return link.owner->on_failure(to_error(result));
  link.owner->on_sent(static_cast<std::size_t>(std::max(result, 0)));
}

void CompletionLoop::on_cancelled(Link& link, int result) noexcept {
  --link.cancels;
  // It may have been amid its work, or over.
  if (result < 0) link.is_to_be_ended = true;
}

void CompletionLoop::bury() noexcept {
  links_ -= std::erase_if(closed_, [this](const auto& link) {
    if (link->is_to_be_ended && link->cancels == 0) cancel_all_of(*link);
    if (link->is_in_use()) return false;
    ring_->forget(link->socket.get());
    return true;
  });
}

void CompletionLoop::cancel_all_of(Link& link) noexcept {
  link.is_to_be_ended = false;
  const auto cancel = [&](bool is_under_way, CompletionRing::Tag request) {
    if (!is_under_way) return;
    if (!ring_->has_room()) {
      link.is_to_be_ended = true;
      return;
    }
    ++link.cancels;
    ring_->cancel(tag_of(link, request), tag_of(link, of_cancel));
  };
  cancel(link.is_receiving, of_receive);
  cancel(link.is_sending, of_send);
}

}  // namespace load
