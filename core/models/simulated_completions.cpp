#include "core/models/simulated_completions.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <new>
#include <utility>

#include <polymux/loop/watcher.hpp>

#include "platform/socket_io.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// The numbers are those of the ring that the kernel has.
constexpr std::size_t most_requests = 512;
constexpr std::size_t most_completions = 4096;
constexpr std::size_t pieces = 256;
constexpr std::size_t greatest_piece = 16 * std::size_t{1024};

// In one turn, so that those who are being served have theirs.
constexpr int clients_at_once = 64;

int to_result(std::error_code error) noexcept {
  return -error.default_error_condition().value();
}

bool would_wait(int code) noexcept {
  return code == EAGAIN || code == EWOULDBLOCK;
}

}  // namespace

struct SimulatedCompletions::Request {
  enum class Kind : std::uint8_t { accept, receive, send, cancel };

  Kind kind = Kind::cancel;
  Patience patience = Patience::none;
  int fd = -1;
  Tag tag = 0;
  std::size_t most = 0;
  std::span<const char> bytes{};
  /// What is to be cancelled.
  Tag what = 0;
};

class SimulatedCompletions::Socket final : public Watcher, public ConnectionHook {
 public:
  Socket(SimulatedCompletions& ring, int number) noexcept
      : Watcher(ring.loop_), ring_(ring), number_(number) {}
  ~Socket() override { ConnectionList::unlink(*this); }

  [[nodiscard]] int number() const noexcept { return number_; }

  /// Once, before anything is sent.
  [[nodiscard]] std::error_code prepare() noexcept {
    if (std::exchange(is_prepared_, true)) return {};
    return prepare_to_send(number_);
  }

  /// Has the poller wait for what is under way. Level, so that what came since it was tried is
  /// told.
  [[nodiscard]] std::error_code wait() noexcept {
    const auto wanted = (incoming ? Interest::read : Interest::none) |
                        (outgoing ? Interest::write : Interest::none);
    if (is_active()) return wanted == interest() ? std::error_code{} : set_interest(wanted);
    return wanted == Interest::none ? std::error_code{} : start(number_, wanted);
  }

  [[nodiscard]] bool is_idle() const noexcept { return !incoming && !outgoing; }

  /// Calls `visit` with each request that is under way; it may end it.
  template <class Visitor>
  void for_each_request(Visitor visit) {
    for (auto* const request : {&incoming, &outgoing}) {
      if (*request) visit(*request);
    }
  }

  struct UnderWay {
    explicit operator bool() const noexcept { return is_set; }
    void set(const Request& other) noexcept {
      request = other;
      is_set = true;
    }
    /// Ends it.
    Tag take() noexcept {
      is_set = false;
      return request.tag;
    }

    Request request;
    bool is_set = false;
  };

  /// To accept or to receive.
  UnderWay incoming;
  UnderWay outgoing;
  /// Nothing is known of it that says that a try would find nothing.
  bool may_have_bytes = true;
  bool may_have_room = true;

 private:
  void on_ready(Ready /*ready*/) override { ring_.on_ready(*this); }

  SimulatedCompletions& ring_;
  int number_;
  bool is_prepared_ = false;
};

SimulatedCompletions::SimulatedCompletions(EventLoop& loop, std::size_t piece, News on_news)
    : loop_(loop),
      piece_(std::clamp<std::size_t>(piece, 1, greatest_piece)),
      on_news_(std::move(on_news)),
      // Not written to, hence not there, before it is used.
      memory_(new char[piece_ * pieces]),
      done_(most_completions),
      rouser_(loop, [this] { tell(); }) {
  free_.reserve(pieces);
  for (std::size_t index = pieces; index > 0; --index) {
    free_.emplace_back(memory_.get() + (index - 1) * piece_, piece_);
  }
  requests_.reserve(most_requests);
}

SimulatedCompletions::~SimulatedCompletions() = default;

void SimulatedCompletions::rouse() noexcept {
  rouser_.start_after(0ns);
}

void SimulatedCompletions::tell() const {
  if (!is_quiet_) on_news_();
}

bool SimulatedCompletions::has_room() const noexcept {
  return requests_.size() < most_requests;
}

void SimulatedCompletions::accept(int listener, Tag tag) noexcept {
  requests_.push_back({.kind = Request::Kind::accept, .fd = listener, .tag = tag});
}

void SimulatedCompletions::receive(int socket, std::size_t most, Tag tag) noexcept {
  requests_.push_back({.kind = Request::Kind::receive, .fd = socket, .tag = tag, .most = most});
}

void SimulatedCompletions::send(int socket, std::span<const char> bytes, Patience patience,
                                Tag tag) noexcept {
  requests_.push_back({.kind = Request::Kind::send,
                       .patience = patience,
                       .fd = socket,
                       .tag = tag,
                       .bytes = bytes});
}

void SimulatedCompletions::cancel(Tag what, Tag tag) noexcept {
  requests_.push_back({.kind = Request::Kind::cancel, .tag = tag, .what = what});
}

void SimulatedCompletions::forget(int socket) noexcept {
  const auto index = static_cast<std::size_t>(socket);
  if (index < sockets_.size()) sockets_[index].reset();
}

bool SimulatedCompletions::needs_enter() const noexcept {
  return !requests_.empty() || !ready_.empty();
}

bool SimulatedCompletions::has_news() const noexcept {
  return !done_.empty() || !ready_.empty();
}

bool SimulatedCompletions::has_place() const noexcept {
  return done_.size() + 2 <= most_completions;
}

std::error_code SimulatedCompletions::enter() noexcept {
  if (has_ended_) {
    end_all();
    return {};
  }
  std::size_t count = 0;
  while (count < requests_.size() && has_place()) hand_over(requests_[count++]);
  requests_.erase(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(count));
  // What is tried leaves half of the room to what is done at once when it is asked for.
  while (!ready_.empty() && done_.size() < most_completions / 2) {
    auto& socket = static_cast<Socket&>(ready_.front());
    ConnectionList::unlink(socket);
    attempt(socket);
  }
  return {};
}

bool SimulatedCompletions::take(Completion& completion) noexcept {
  return has_room() && done_.take(completion);
}

void SimulatedCompletions::give_back(std::span<char> bytes) noexcept {
  free_.emplace_back(bytes.data(), piece_);
}

void SimulatedCompletions::hand_over(const Request& request) noexcept {
  if (request.kind == Request::Kind::cancel) return end_request(request.what, request.tag);
  auto* const socket = socket_of(request.fd);
  if (socket == nullptr) return complete(request.tag, -ENOMEM);
  const bool is_sending = request.kind == Request::Kind::send;
  if (is_sending) {
    if (const auto error = socket->prepare()) return complete(request.tag, to_result(error));
  }
  (is_sending ? socket->outgoing : socket->incoming).set(request);
  // Nobody has waited for room since it was found full.
  if (request.patience == Patience::none) socket->may_have_room = true;
  ready_.push_back(*socket);
}

void SimulatedCompletions::end_request(Tag what, Tag tag) noexcept {
  // For the few that are ever cancelled: an index would cost every other one.
  int result = -ENOENT;
  for (const auto& socket : sockets_) {
    if (!socket) continue;
    socket->for_each_request([&](Socket::UnderWay& found) {
      if (found.request.tag != what) return;
      complete(found.take(), -ECANCELED);
      result = 0;
    });
    if (result == 0) break;
  }
  complete(tag, result);
}

SimulatedCompletions::Socket* SimulatedCompletions::socket_of(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  try {
    if (index >= sockets_.size()) sockets_.resize(index + 1);
    if (!sockets_[index]) sockets_[index] = std::make_unique<Socket>(*this, fd);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return sockets_[index].get();
}

void SimulatedCompletions::on_ready(Socket& socket) noexcept {
  socket.may_have_bytes = true;
  socket.may_have_room = true;
  ready_.push_back(socket);
  // The last step: it may be forgotten.
  tell();
}

void SimulatedCompletions::attempt(Socket& socket) noexcept {
  const bool was_idle = socket.is_idle();
  if (socket.outgoing && socket.may_have_room) try_send(socket);
  if (socket.incoming && socket.may_have_bytes) {
    const bool is_listener = socket.incoming.request.kind == Request::Kind::accept;
    is_listener ? try_accept(socket) : try_receive(socket);
  }
  // What is done leaves the poller as it is: most often the same is asked for again at once.
  if (socket.is_idle() && !was_idle) return;
  if (const auto error = socket.wait()) {
    socket.for_each_request(
        [&](Socket::UnderWay& request) { complete(request.take(), to_result(error)); });
  }
}

void SimulatedCompletions::try_accept(Socket& socket) noexcept {
  for (int count = 0; count < clients_at_once; ++count) {
    const int client = accept_nonblocking(socket.number());
    if (client < 0) {
      // More of them are told by the next wait.
      if (!would_wait(errno)) complete(socket.incoming.take(), -errno);
      return;
    }
    done_.push(
        {.tag = socket.incoming.request.tag, .result = client, .has_more = true, .bytes = {}});
  }
}

void SimulatedCompletions::try_receive(Socket& socket) noexcept {
  if (free_.empty()) return complete(socket.incoming.take(), -ENOBUFS);
  const auto room = free_.back().first(std::min(piece_, socket.incoming.request.most));
  const auto got = polymux::receive(socket.number(), room);
  // A short one has emptied the socket.
  socket.may_have_bytes = got.count == room.size();
  switch (got.status) {
    case IoStatus::would_block:
      return;
    case IoStatus::done:
      free_.pop_back();
      done_.push({.tag = socket.incoming.take(),
                  .result = static_cast<int>(got.count),
                  .has_more = false,
                  .bytes = room.first(got.count)});
      return;
    case IoStatus::end_of_stream:
      return complete(socket.incoming.take(), 0);
    default:
      return complete(socket.incoming.take(), -errno);
  }
}

void SimulatedCompletions::try_send(Socket& socket) noexcept {
  const auto& request = socket.outgoing.request;
  const auto sent = send_now(socket.number(), request.bytes);
  socket.may_have_room = sent.count == request.bytes.size();
  if (sent.status == IoStatus::done) {
    complete(socket.outgoing.take(), static_cast<int>(sent.count));
  } else if (sent.status != IoStatus::would_block || request.patience == Patience::none) {
    complete(socket.outgoing.take(), -errno);
  }
}

void SimulatedCompletions::complete(Tag tag, int result) noexcept {
  done_.push({.tag = tag, .result = result, .has_more = false, .bytes = {}});
}

void SimulatedCompletions::end() noexcept {
  requests_.clear();
  has_ended_ = true;
  end_all();
}

void SimulatedCompletions::end_all() noexcept {
  for (const auto& socket : sockets_) {
    if (!socket) continue;
    if (!has_place()) return;
    socket->stop();
    ConnectionList::unlink(*socket);
    socket->for_each_request(
        [&](Socket::UnderWay& request) { complete(request.take(), -ECANCELED); });
  }
}

}  // namespace polymux
