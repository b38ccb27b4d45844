#include "core/models/aio_completions.hpp"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "platform/async_io.hpp"
#include "platform/descriptors.hpp"
#include "platform/sockets.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {
namespace {

constexpr std::size_t most_requests = 512;
constexpr std::size_t most_completions = 4096;
// Of the whole process, whoever is the first to say it; made when they are needed.
constexpr int most_threads = 1024;

// As much as a client may cost: each request is a way through two threads, however little it moves.
constexpr std::size_t greatest_piece = 64 * std::size_t{1024};

int to_result(std::error_code error) noexcept {
  const int code = error.default_error_condition().value();
  // No thread could be made, and not: try again at once.
  return code == EAGAIN ? -ENOMEM : -code;
}

}  // namespace

struct AioCompletions::Request {
  enum class Kind : std::uint8_t { receive, send, cancel };

  Kind kind = Kind::cancel;
  int fd = -1;
  Tag tag = 0;
  std::size_t most = 0;
  std::span<const char> bytes{};
  /// What is to be cancelled.
  Tag what = 0;
};

class AioCompletions::Socket {
 public:
  explicit Socket(int number) : number_(number) {}

  [[nodiscard]] std::error_code make_blocking() noexcept {
    if (is_blocking_) return {};
    const auto error = set_blocking(number_);
    is_blocking_ = !error;
    return error;
  }

  /// Requests of one number wait for each other: sending has one of its own.
  [[nodiscard]] int number_to_send() noexcept {
    // Without a descriptor left it waits behind what is received, if anything is.
    if (!twin_ && duplicate(number_, twin_)) return number_;
    return twin_.get();
  }

  /// Ends what is under way.
  void shut_down() const noexcept { polymux::shut_down(number_); }
  void await() const noexcept {
    for (const auto* const transfer : {&incoming, &outgoing}) {
      if (transfer->is_under_way()) transfer->await();
    }
  }

  AsyncTransfer incoming;
  AsyncTransfer outgoing;
  Tag incoming_tag = 0;
  Tag outgoing_tag = 0;
  /// Where it receives.
  std::span<char> room{};

 private:
  int number_;
  UniqueFd twin_;
  bool is_blocking_ = false;
};

AioCompletions::AioCompletions(EventLoop& loop, std::size_t piece, std::size_t most_sockets,
                               SimulatedCompletions::News on_news)
    : on_news_(std::move(on_news)),
      others_(loop, 1, [this] { on_news_(); }),
      watch_(loop, [this] { on_signal(); }),
      piece_(std::clamp<std::size_t>(piece, 1, greatest_piece)),
      // Those who have gone may still hold theirs for a moment.
      places_(2 * most_sockets),
      // Not written to, hence not there, before it is used.
      memory_(new char[piece_ * places_]),
      done_(most_completions) {
  free_.reserve(places_);
  for (std::size_t index = places_; index > 0; --index) {
    free_.emplace_back(memory_.get() + (index - 1) * piece_, piece_);
  }
  requests_.reserve(most_requests);
}

AioCompletions::~AioCompletions() {
  // The threads write into what is destroyed.
  if (!has_ended_) end();
}

std::error_code AioCompletions::open() {
  async_io::allow(most_threads);
  return watch_.start(async_io::done_signal());
}

void AioCompletions::on_signal() {
  is_due_ = true;
  if (!is_quiet_) on_news_();
}

void AioCompletions::set_quiet(bool is_quiet) noexcept {
  is_quiet_ = is_quiet;
  others_.set_quiet(is_quiet);
}

bool AioCompletions::has_room() const noexcept {
  return asked_ < most_requests && others_.has_room();
}

void AioCompletions::accept(int listener, Tag tag) noexcept {
  ++asked_;
  others_.accept(listener, tag);
}

void AioCompletions::receive(int socket, std::size_t most, Tag tag) noexcept {
  ++asked_;
  requests_.push_back({.kind = Request::Kind::receive, .fd = socket, .tag = tag, .most = most});
}

void AioCompletions::send(int socket, std::span<const char> bytes, Patience patience,
                          Tag tag) noexcept {
  ++asked_;
  if (patience == Patience::none) return others_.send(socket, bytes, patience, tag);
  requests_.push_back({.kind = Request::Kind::send, .fd = socket, .tag = tag, .bytes = bytes});
}

void AioCompletions::cancel(Tag what, Tag tag) noexcept {
  ++asked_;
  requests_.push_back({.kind = Request::Kind::cancel, .tag = tag, .what = what});
}

void AioCompletions::forget(int socket) noexcept {
  others_.forget(socket);
  const auto index = static_cast<std::size_t>(socket);
  if (index < sockets_.size()) sockets_[index].reset();
}

bool AioCompletions::needs_enter() const noexcept {
  return !requests_.empty() || is_due_ || others_.needs_enter();
}

bool AioCompletions::has_news() const noexcept {
  return !done_.empty() || is_due_ || others_.has_news();
}

std::error_code AioCompletions::enter() noexcept {
  if (has_ended_) return others_.enter();
  for (const auto& request : requests_) hand_over(request);
  requests_.clear();
  asked_ = 0;
  if (is_due_) collect();
  return others_.enter();
}

bool AioCompletions::take(Completion& completion) noexcept {
  if (!has_room()) return false;
  if (others_.take(completion)) return true;
  return done_.take(completion);
}

void AioCompletions::give_back(std::span<char> bytes) noexcept {
  free_.emplace_back(bytes.data(), piece_);
}

void AioCompletions::hand_over(const Request& request) noexcept {
  switch (request.kind) {
    case Request::Kind::receive:
      return begin_receiving(request);
    case Request::Kind::send:
      return begin_sending(request);
    case Request::Kind::cancel:
      return end_request(request);
  }
}

void AioCompletions::begin_receiving(const Request& request) noexcept {
  auto* const socket = socket_of(request.fd);
  if (socket == nullptr) return complete(request.tag, -ENOMEM);
  if (free_.empty()) return complete(request.tag, -ENOBUFS);
  auto error = socket->make_blocking();
  if (!error) {
    socket->room = free_.back();
    error = socket->incoming.read(request.fd, socket->room.first(std::min(piece_, request.most)));
  }
  if (error) return complete(request.tag, to_result(error));
  free_.pop_back();
  socket->incoming_tag = request.tag;
}

void AioCompletions::begin_sending(const Request& request) noexcept {
  auto* const socket = socket_of(request.fd);
  if (socket == nullptr) return complete(request.tag, -ENOMEM);
  auto error = socket->make_blocking();
  if (!error) error = socket->outgoing.write(socket->number_to_send(), request.bytes);
  if (error) return complete(request.tag, to_result(error));
  socket->outgoing_tag = request.tag;
}

void AioCompletions::end_request(const Request& request) noexcept {
  for (const auto& socket : sockets_) {
    if (!socket) continue;
    for (auto [transfer, tag] : {std::pair{&socket->incoming, socket->incoming_tag},
                                 std::pair{&socket->outgoing, socket->outgoing_tag}}) {
      if (!transfer->is_under_way() || tag != request.what) continue;
      return complete(request.tag, transfer->withdraw() ? 0 : -EALREADY);
    }
  }
  others_.cancel(request.what, request.tag);
}

AioCompletions::Socket* AioCompletions::socket_of(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  try {
    if (index >= sockets_.size()) sockets_.resize(index + 1);
    if (!sockets_[index]) sockets_[index] = std::make_unique<Socket>(fd);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return sockets_[index].get();
}

// The signal does not say which: several may be told by one.
void AioCompletions::collect() noexcept {
  is_due_ = false;
  for (const auto& socket : sockets_) {
    if (socket) collect(*socket);
  }
}

void AioCompletions::collect(Socket& socket) noexcept {
  if (socket.outgoing.is_under_way() && socket.outgoing.is_done()) {
    complete(socket.outgoing_tag, socket.outgoing.take_result());
  }
  if (!socket.incoming.is_under_way() || !socket.incoming.is_done()) return;
  const int result = socket.incoming.take_result();
  if (result > 0) {
    complete(socket.incoming_tag, result, socket.room.first(static_cast<std::size_t>(result)));
  } else {
    give_back(socket.room);
    complete(socket.incoming_tag, result);
  }
}

void AioCompletions::complete(Tag tag, int result, std::span<char> bytes) noexcept {
  const bool is_cancelled = has_ended_ && result <= 0;
  done_.push({.tag = tag,
              .result = is_cancelled ? -ECANCELED : result,
              .has_more = false,
              .bytes = bytes});
}

void AioCompletions::end() noexcept {
  requests_.clear();
  asked_ = 0;
  has_ended_ = true;
  for (const auto& socket : sockets_) {
    if (!socket) continue;
    if (!socket->incoming.is_under_way() && !socket->outgoing.is_under_way()) continue;
    socket->shut_down();
    socket->await();
    collect(*socket);
  }
  watch_.stop();
  others_.end();
}

}  // namespace polymux
