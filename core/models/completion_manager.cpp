#include <polymux/models/completion_manager.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>
#include <vector>

#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>

#include "core/models/completion_pool.hpp"
#include "core/service/descriptor_reserve.hpp"
#include "core/service/open_listeners.hpp"
#include "platform/accept.hpp"
#include "platform/completion_ring.hpp"

namespace polymux {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// How long what the system cannot do now is put off.
constexpr nanoseconds pause_before_retry = 100ms;

// As many as Linux lets wait (SOMAXCONN, listen(2)).
constexpr int longest_queue = 4096;

// So often before the loop has its turn, which has other things to do.
constexpr int rounds = 8;
constexpr int turns_in_a_row = 2;

constexpr CompletionRing::Tag of_accept = 3;
constexpr CompletionRing::Tag request_bits = 3;

/// An address where the kernel accepts clients.
struct Gate {
  Listener listener;
  bool is_accepting = false;
  /// No more clients; it goes when its request has ended.
  bool is_closed = false;

  [[nodiscard]] CompletionRing::Tag tag() const noexcept {
    return reinterpret_cast<std::uintptr_t>(this) | of_accept;
  }
};

}  // namespace

class CompletionManager::Impl final {
 public:
  Impl(EventLoop& loop, Service& service, const ConnectionOptions& options)
      : options_(options),
        pool_(loop, service, options,
              {.on_closed = [this] { on_closed(); },
               .catch_up = [this] { process(); },
               .hand_over = [this] { process(); }}),
        is_edge_(loop.poller().capabilities().edge),
        watcher_(loop, [this](Ready) { on_ready(); }),
        retry_(loop, [this] { resume(); }),
        end_of_drain_(loop, [this] { finish_drain(); }) {}

  // The ring first: until it is gone the kernel may use what the rest owns.
  ~Impl() {
    watcher_.stop();
    ring_.reset();
  }

  [[nodiscard]] std::error_code open();
  [[nodiscard]] ListenResult listen(std::string_view text);
  void drain(Callback when_gone);
  void close_all() noexcept;
  [[nodiscard]] const ConnectionCounters& counters() noexcept { return pool_.counters(); }

 private:
  using Gates = std::vector<std::unique_ptr<Gate>>;

  void on_ready() noexcept;
  void process() noexcept;
  [[nodiscard]] std::error_code work() noexcept;
  int take_all() noexcept;
  void accept(Gate& gate) noexcept;
  void on_accepted(Gate& gate, const CompletionRing::Completion& done) noexcept;
  void admit(UniqueFd client) noexcept;
  void accept_last(Gate& gate) noexcept;
  void refuse_waiting(const Gate& gate) noexcept;
  void close_gates() noexcept;
  void pause() noexcept;
  void resume() noexcept;
  void on_closed() noexcept;
  void finish_drain();

  ConnectionOptions options_;
  CompletionPool pool_;
  std::unique_ptr<CompletionRing> ring_;
  bool is_edge_;
  CallbackWatcher watcher_;
  DescriptorReserve reserve_;
  Gates gates_;
  Timer retry_;
  /// Active from `drain` until its callback: fires when all are gone or the time is over.
  Timer end_of_drain_;
  Callback when_gone_;
  bool is_processing_ = false;
};

std::error_code CompletionManager::Impl::open() {
  std::error_code error;
  // While one answer is sent the next piece may come.
  ring_ = open_completion_ring(options_.max_buffer / 2, error);
  if (error) return error;
  pool_.use(*ring_);
  return watcher_.start(ring_->fd(), Interest::read, is_edge_ ? Trigger::edge : Trigger::level);
}

ListenResult CompletionManager::Impl::listen(std::string_view text) {
  std::vector<Listener> opened;
  auto result = open_listeners(text, opened);
  for (auto& listener : opened) {
    gates_.push_back(std::make_unique<Gate>(Gate{.listener = std::move(listener)}));
    accept(*gates_.back());
  }
  process();
  return result;
}

void CompletionManager::Impl::on_ready() noexcept {
  // An edge is told once for each signal: a system call less.
  if (!is_edge_) ring_->acknowledge();
  process();
}

void CompletionManager::Impl::process() noexcept {
  if (is_processing_) return;
  is_processing_ = true;
  std::error_code error;
  bool has_news = true;
  for (int turn = 0; turn < turns_in_a_row && has_news && !error; ++turn) {
    ring_->set_quiet(true);
    error = work();
    ring_->set_quiet(false);
    // What came before that signalled nobody.
    has_news = ring_->has_news();
  }
  if (has_news) ring_->rouse();
  if (error) pause();
  pool_.bury();
  std::erase_if(gates_, [](const auto& gate) { return gate->is_closed && !gate->is_accepting; });
  is_processing_ = false;
}

// Hands over what is asked, and takes what is done, until there is nothing of either.
std::error_code CompletionManager::Impl::work() noexcept {
  for (int round = 0; round < rounds; ++round) {
    const int taken = take_all();
    if (ring_->needs_enter()) {
      if (const auto error = ring_->enter()) return error;
    } else if (taken == 0) {
      return {};
    }
  }
  // What is asked has to be under way before the loop sleeps.
  take_all();
  return ring_->needs_enter() ? ring_->enter() : std::error_code{};
}

int CompletionManager::Impl::take_all() noexcept {
  int taken = 0;
  CompletionRing::Completion done;
  for (; ring_->take(done); ++taken) {
    if ((done.tag & request_bits) == of_accept) {
      on_accepted(*reinterpret_cast<Gate*>(done.tag & ~request_bits), done);
    } else {
      pool_.complete(done);
    }
  }
  return taken;
}

void CompletionManager::Impl::accept(Gate& gate) noexcept {
  if (gate.is_accepting || gate.is_closed) return;
  gate.is_accepting = true;
  ring_->accept(gate.listener.socket.get(), gate.tag());
}

void CompletionManager::Impl::on_accepted(Gate& gate,
                                          const CompletionRing::Completion& done) noexcept {
  if (!done.has_more) gate.is_accepting = false;
  if (done.result >= 0) {
    admit(UniqueFd(done.result));
    accept(gate);
    return;
  }
  switch (classify_accept_error(-done.result)) {
    case AcceptStatus::lost:
      ++pool_.counters().accept_errors;
      accept(gate);
      break;
    case AcceptStatus::no_descriptor:
      // The kernel asks for a descriptor before it looks whether anybody waits, so it would say the
      // same at once.
      refuse_waiting(gate);
      pause();
      break;
    case AcceptStatus::unable:
      if (gate.is_closed) break;
      ++pool_.counters().accept_errors;
      pause();
      break;
    default:
      accept(gate);
      break;
  }
}

void CompletionManager::Impl::admit(UniqueFd client) noexcept {
  if (pool_.is_full()) {
    ++pool_.counters().refused_limit;
  } else {
    pool_.admit(std::move(client));
  }
}

void CompletionManager::Impl::refuse_waiting(const Gate& gate) noexcept {
  if (gate.is_closed) return;
  reserve_.give_up();
  for (int count = 0; count < longest_queue; ++count) {
    const auto [status, client] = accept_client(gate.listener.socket.get());
    if (status == AcceptStatus::accepted) {
      ++pool_.counters().refused_descriptors;
    } else if (status != AcceptStatus::lost) {
      break;
    }
  }
  reserve_.fill();
}

// Takes in those who wait at this moment.
void CompletionManager::Impl::accept_last(Gate& gate) noexcept {
  // From here on a new client finds no server, rather than one that ends.
  gate.listener.file.remove();
  for (int count = 0; count < longest_queue; ++count) {
    auto [status, client] = accept_client(gate.listener.socket.get());
    if (status == AcceptStatus::accepted) {
      admit(std::move(client));
    } else if (status != AcceptStatus::lost) {
      break;
    }
  }
}

void CompletionManager::Impl::close_gates() noexcept {
  for (auto& gate : gates_) {
    if (gate->is_accepting) ring_->cancel(gate->tag());
    gate->is_closed = true;
    gate->listener = {};
  }
  retry_.stop();
}

void CompletionManager::Impl::pause() noexcept {
  try {
    retry_.start_after(pause_before_retry);
  } catch (const std::bad_alloc&) {
    // The next completion tries again.
  }
}

void CompletionManager::Impl::resume() noexcept {
  retry_.stop();
  reserve_.fill();
  for (auto& gate : gates_) accept(*gate);
  process();
}

void CompletionManager::Impl::on_closed() noexcept {
  // Soon, when the descriptor is free.
  if (retry_.is_active()) retry_.start_after(1ms);
  // Set anew, which allocates nothing for a timer that is active.
  if (pool_.is_empty() && end_of_drain_.is_active()) end_of_drain_.start_after(0ns);
}

void CompletionManager::Impl::drain(Callback when_gone) {
  when_gone_ = std::move(when_gone);
  end_of_drain_.start_after(options_.drain_timeout);
  pool_.begin_drain();
  for (auto& gate : gates_) accept_last(*gate);
  close_gates();
  process();
  if (pool_.is_empty()) end_of_drain_.start_after(0ns);
}

void CompletionManager::Impl::finish_drain() {
  const auto when_gone = std::exchange(when_gone_, nullptr);
  close_all();
  // The last step: it may destroy this.
  if (when_gone) when_gone();
}

void CompletionManager::Impl::close_all() noexcept {
  close_gates();
  pool_.close_all();
  process();
}

CompletionManager::CompletionManager(EventLoop& loop, Service& service,
                                     const ConnectionOptions& options)
    : impl_(std::make_unique<Impl>(loop, service, options)) {}

CompletionManager::~CompletionManager() = default;

std::error_code CompletionManager::open() {
  return impl_->open();
}

ListenResult CompletionManager::listen(std::string_view address) {
  return impl_->listen(address);
}

void CompletionManager::drain(Callback when_gone) {
  impl_->drain(std::move(when_gone));
}

void CompletionManager::close_all() noexcept {
  impl_->close_all();
}

const ConnectionCounters& CompletionManager::counters() const noexcept {
  return impl_->counters();
}

}  // namespace polymux
