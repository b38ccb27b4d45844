#include <polymux/models/completion_manager.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>
#include <polymux/poller/error.hpp>

#include "core/models/aio_completions.hpp"
#include "core/models/completion_pool.hpp"
#include "core/models/simulated_completions.hpp"
#include "core/service/descriptor_reserve.hpp"
#include "core/service/open_listeners.hpp"
#include "platform/accept.hpp"
#include "platform/async_io.hpp"
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

// The last bits of a tag, which those of a connection's do not take.
constexpr CompletionRing::Tag of_accept = 3;
constexpr CompletionRing::Tag of_cancel = 0;
constexpr CompletionRing::Tag request_bits = 3;

/// An address where the kernel accepts clients.
struct Gate {
  enum class Phase : std::uint8_t {
    open,
    /// No more clients but those who were accepted meanwhile.
    closing,
    /// Nor those.
    closed,
  };

  Listener listener;
  Phase phase = Phase::open;
  /// The kernel has a request of that kind; until both are done this must stay.
  bool is_accepting = false;
  bool is_cancelling = false;

  [[nodiscard]] CompletionRing::Tag tag(CompletionRing::Tag request) const noexcept {
    return reinterpret_cast<std::uintptr_t>(this) | request;
  }
  [[nodiscard]] bool is_over() const noexcept {
    return phase != Phase::open && !is_accepting && !is_cancelling;
  }
};

}  // namespace

class CompletionManager::Impl final {
 public:
  Impl(EventLoop& loop, Service& service, const ConnectionOptions& options)
      : loop_(loop),
        options_(options),
        pool_(loop, service, options,
              {.on_closed = [this] { on_closed(); },
               .catch_up = [this] { process(); },
               .hand_over = [this] { process(); }}),
        is_edge_(loop.poller().capabilities().edge),
        watcher_(loop, [this](Ready) { on_ready(); }),
        retry_(loop, [this] { resume(); }),
        end_of_drain_(loop, [this] { finish_drain(); }) {}

  ~Impl();

  [[nodiscard]] std::error_code open(Proactor proactor);
  [[nodiscard]] ListenResult listen(std::string_view text);
  void drain(Callback when_gone);
  void close_all() noexcept;
  [[nodiscard]] const ConnectionCounters& counters() noexcept { return pool_.counters(); }

 private:
  using Gates = std::vector<std::unique_ptr<Gate>>;

  [[nodiscard]] std::unique_ptr<CompletionRing> open_ring(Proactor proactor,
                                                          std::error_code& error);
  void on_ready() noexcept;
  void process() noexcept;
  [[nodiscard]] std::error_code work() noexcept;
  [[nodiscard]] bool has_work() const noexcept;
  int take_all() noexcept;
  void complete(const CompletionRing::Completion& done) noexcept;
  void ask() noexcept;
  void ask(Gate& gate) noexcept;
  void on_accepted(Gate& gate, const CompletionRing::Completion& done) noexcept;
  void admit(UniqueFd client) noexcept;
  void accept_last(Gate& gate) noexcept;
  void refuse_waiting(const Gate& gate) noexcept;
  void close_gates(Gate::Phase phase) noexcept;
  /// Closes those that are over.
  void forget_gates() noexcept;
  void pause() noexcept;
  void resume() noexcept;
  void on_closed() noexcept;
  void finish_drain();

  EventLoop& loop_;
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

CompletionManager::Impl::~Impl() {
  watcher_.stop();
  if (!ring_) return;
  // Until the kernel has ended all it may use what the rest owns; and who was accepted meanwhile is
  // a descriptor that nobody else knows.
  for (auto& gate : gates_) gate->phase = Gate::Phase::closed;
  pool_.close_all();
  ring_->end();
  // Bounded, for a kernel that goes on completing what was cancelled must not keep the process.
  constexpr int most_rounds = 10'000;
  for (int round = 0; round < most_rounds && take_all() > 0 && !ring_->enter(); ++round) {
  }
  ring_.reset();
}

std::error_code CompletionManager::Impl::open(Proactor proactor) {
  std::error_code error;
  ring_ = open_ring(proactor, error);
  if (error) return error;
  pool_.use(*ring_);
  if (ring_->fd() < 0) return {};
  return watcher_.start(ring_->fd(), Interest::read, is_edge_ ? Trigger::edge : Trigger::level);
}

std::unique_ptr<CompletionRing> CompletionManager::Impl::open_ring(Proactor proactor,
                                                                   std::error_code& error) {
  const auto piece = options_.max_buffer;
  const auto on_news = [this] { process(); };
  if (proactor == Proactor::uring) return open_completion_ring(piece, error);
  if (proactor == Proactor::simulated) {
    return std::make_unique<SimulatedCompletions>(loop_, piece, on_news);
  }
  const auto clients = options_.max_connections;
  if (clients == 0 || clients > max_aio_connections) error = Errc::invalid_argument;
  if (async_io::why_missing() != nullptr) {
    error = std::make_error_code(std::errc::function_not_supported);
  }
  if (error) return nullptr;
  auto ring = std::make_unique<AioCompletions>(loop_, piece, clients, on_news);
  error = ring->open();
  if (error) return nullptr;
  return ring;
}

ListenResult CompletionManager::Impl::listen(std::string_view text) {
  std::vector<Listener> opened;
  auto result = open_listeners(text, opened);
  for (auto& listener : opened) {
    gates_.push_back(std::make_unique<Gate>());
    gates_.back()->listener = std::move(listener);
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
  bool is_left = true;
  for (int turn = 0; turn < turns_in_a_row && is_left && !error; ++turn) {
    ring_->set_quiet(true);
    error = work();
    ring_->set_quiet(false);
    // What came before that signalled nobody.
    is_left = has_work();
  }
  if (error) {
    pause();
  } else if (is_left) {
    ring_->rouse();
  }
  // A descriptor may be free by now.
  if (pool_.bury() && retry_.is_active()) retry_.start_after(0ns);
  forget_gates();
  is_processing_ = false;
}

void CompletionManager::Impl::forget_gates() noexcept {
  std::erase_if(gates_, [this](const auto& gate) {
    if (!gate->is_over()) return false;
    ring_->forget(gate->listener.socket.get());
    return true;
  });
}

bool CompletionManager::Impl::has_work() const noexcept {
  return ring_->has_news() || ring_->needs_enter() || pool_.is_asking();
}

// Hands over what is asked, and takes what is done, until there is nothing of either.
std::error_code CompletionManager::Impl::work() noexcept {
  for (int round = 0; round < rounds; ++round) {
    const int taken = take_all();
    ask();
    if (ring_->needs_enter()) {
      if (const auto error = ring_->enter()) return error;
    } else if (taken == 0) {
      break;
    }
  }
  return {};
}

int CompletionManager::Impl::take_all() noexcept {
  pool_.tell_time();
  int taken = 0;
  CompletionRing::Completion done;
  for (; ring_->take(done); ++taken) complete(done);
  return taken;
}

void CompletionManager::Impl::complete(const CompletionRing::Completion& done) noexcept {
  const auto request = done.tag & request_bits;
  if (request != of_accept && request != of_cancel) return pool_.complete(done);
  auto& gate = *reinterpret_cast<Gate*>(done.tag & ~request_bits);
  if (request == of_accept) return on_accepted(gate, done);
  // If it could not be cancelled at this moment it will be asked again.
  gate.is_cancelling = false;
}

void CompletionManager::Impl::ask() noexcept {
  for (auto& gate : gates_) {
    if (ring_->has_room()) ask(*gate);
  }
  pool_.ask();
}

void CompletionManager::Impl::ask(Gate& gate) noexcept {
  if (gate.phase != Gate::Phase::open) {
    if (!gate.is_accepting || gate.is_cancelling) return;
    gate.is_cancelling = true;
    ring_->cancel(gate.tag(of_accept), gate.tag(of_cancel));
  } else if (!gate.is_accepting && !retry_.is_active()) {
    gate.is_accepting = true;
    ring_->accept(gate.listener.socket.get(), gate.tag(of_accept));
  }
}

void CompletionManager::Impl::on_accepted(Gate& gate,
                                          const CompletionRing::Completion& done) noexcept {
  if (!done.has_more) gate.is_accepting = false;
  if (done.result >= 0) {
    UniqueFd client(done.result);
    if (gate.phase != Gate::Phase::closed) admit(std::move(client));
    return;
  }
  if (gate.phase != Gate::Phase::open) return;
  switch (classify_accept_error(-done.result)) {
    case AcceptStatus::lost:
      ++pool_.counters().accept_errors;
      break;
    case AcceptStatus::no_descriptor:
      // The kernel asks for a descriptor before it looks whether anybody waits, so it would say the
      // same at once.
      refuse_waiting(gate);
      pause();
      break;
    case AcceptStatus::unable:
      ++pool_.counters().accept_errors;
      pause();
      break;
    default:
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
  reserve_.give_up();
  for (int count = 0; count < longest_queue; ++count) {
    const auto [status, client] = accept_client(gate.listener.socket.get());
    if (status == AcceptStatus::accepted) {
      ++pool_.counters().refused_descriptors;
    } else if (status == AcceptStatus::lost) {
      ++pool_.counters().accept_errors;
    } else {
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
    } else if (status == AcceptStatus::lost) {
      ++pool_.counters().accept_errors;
    } else {
      if (status == AcceptStatus::no_descriptor) refuse_waiting(gate);
      break;
    }
  }
}

void CompletionManager::Impl::close_gates(Gate::Phase phase) noexcept {
  for (auto& gate : gates_) {
    gate->listener.file.remove();
    gate->phase = phase;
  }
  retry_.stop();
}

void CompletionManager::Impl::pause() noexcept {
  try {
    retry_.start_after(pause_before_retry);
  } catch (const std::bad_alloc&) {
    // Nobody would wake us: rather busy than deaf.
    ring_->rouse();
  }
}

void CompletionManager::Impl::resume() noexcept {
  retry_.stop();
  reserve_.fill();
  process();
}

void CompletionManager::Impl::on_closed() noexcept {
  // Set anew, which allocates nothing for a timer that is active.
  if (pool_.is_empty() && end_of_drain_.is_active()) end_of_drain_.start_after(0ns);
}

void CompletionManager::Impl::drain(Callback when_gone) {
  when_gone_ = std::move(when_gone);
  end_of_drain_.start_after(options_.drain_timeout);
  pool_.begin_drain();
  for (auto& gate : gates_) accept_last(*gate);
  close_gates(Gate::Phase::closing);
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
  close_gates(Gate::Phase::closed);
  pool_.close_all();
  process();
}

CompletionManager::CompletionManager(EventLoop& loop, Service& service,
                                     const ConnectionOptions& options)
    : impl_(std::make_unique<Impl>(loop, service, options)) {}

CompletionManager::~CompletionManager() = default;

std::error_code CompletionManager::open(Proactor proactor) {
  return impl_->open(proactor);
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

ConnectionCounters CompletionManager::counters() const noexcept {
  return impl_->counters();
}

}  // namespace polymux
