#include "core/models/loop_thread.hpp"

#include <chrono>
#include <memory>
#include <new>
#include <utility>

#include "core/models/loop_server.hpp"

namespace polymux {

using namespace std::chrono_literals;

LoopThread::LoopThread(Service& service, const ServerOptions& options, CounterTable table,
                       OnFailure on_failure)
    : service_(service), options_(options), table_(table), on_failure_(std::move(on_failure)) {}

LoopThread::~LoopThread() {
  if (loop_ != nullptr) loop_->stop();
  may_end_.set_value();
  if (thread_.joinable()) thread_.join();
}

ServerOutcome LoopThread::start() {
  std::promise<ServerOutcome> started;
  thread_ = std::thread([this, &started] { run(started); });
  return started.get_future().get();
}

// All of the loop's things live and die in its thread: what a poller has may be the thread's.
void LoopThread::run(std::promise<ServerOutcome>& started) {
  auto may_end = may_end_.get_future();
  auto opened = open_poller_for(options_, &measures_);
  if (!opened) {
    started.set_value(cannot_open(opened));
    return;
  }
  EventLoop loop(std::move(opened.poller));
  PoolManager<ConnectionPool> connections(loop, service_, options_.connections, table_);
  loop_ = &loop;
  connections_ = &connections;
  started.set_value({});
  run_loop(loop);
  may_end.wait();
}

void LoopThread::run_loop(EventLoop& loop) noexcept {
  std::error_code error;
  try {
    error = loop.run();
  } catch (const std::bad_alloc&) {
    error = std::make_error_code(std::errc::not_enough_memory);
  }
  if (!error) return;
  failure_ = error;
  has_failed_ = true;
  on_failure_();
}

ListenResult LoopThread::listen(std::vector<Listener> listeners) {
  struct Request {
    std::vector<Listener> listeners;
    std::promise<ListenResult> result;
  };
  auto request = std::make_shared<Request>();
  request->listeners = std::move(listeners);
  auto result = request->result.get_future();
  loop_->post([this, request] {
    request->result.set_value(connections_->acceptors().add(std::move(request->listeners)));
  });
  while (result.wait_for(100ms) != std::future_status::ready) {
    // A loop that has failed does nothing more.
    if (const auto error = failure()) {
      return {.error = error, .message = "the event loop of a thread has failed"};
    }
  }
  return result.get();
}

void LoopThread::hand_over(UniqueFd client) {
  bool is_first = false;
  {
    const std::scoped_lock lock(mutex_);
    is_first = waiting_.empty();
    waiting_.push_back(std::move(client));
  }
  ++waiting_count_;
  // One wake for as many as come meanwhile.
  if (is_first) loop_->post([this] { take_in(); });
}

void LoopThread::take_in() {
  std::vector<UniqueFd> clients;
  {
    const std::scoped_lock lock(mutex_);
    clients.swap(waiting_);
  }
  for (auto& client : clients) {
    connections_->take_in(std::move(client));
    --waiting_count_;
  }
}

std::size_t LoopThread::load() const noexcept {
  return static_cast<std::size_t>(table_.own_row().active.get()) + waiting_count_;
}

void LoopThread::drain(std::function<void()> when_gone) {
  loop_->post([this, when_gone = std::move(when_gone)] { connections_->drain(when_gone); });
}

void LoopThread::close_all() {
  loop_->post([this] { connections_->close_all(); });
}

}  // namespace polymux
