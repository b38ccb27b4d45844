#include "core/models/metrics_thread.hpp"

#include <future>
#include <utility>

#include <polymux/poller/registry.hpp>

#include "core/models/loop_server.hpp"
#include "core/models/server_outcome.hpp"
#include "core/service/open_listeners.hpp"

namespace polymux {

MetricsThread::~MetricsThread() {
  if (!thread_.joinable()) return;
  // In this order: a thread whose loop has failed waits, and destroys the loop when it may.
  if (loop_ != nullptr) loop_->stop();
  may_end_.set_value();
  thread_.join();
}

ListenResult MetricsThread::listen(std::string_view address) {
  return open_listeners(address, listeners_);
}

ServerOutcome MetricsThread::start() {
  std::promise<ServerOutcome> started;
  try {
    thread_ = std::thread([this, &started] { run(started); });
  } catch (const std::system_error& error) {
    return failed_server("cannot start a thread for metrics", error.code());
  }
  return started.get_future().get();
}

// All of the loop's things live and die in its thread: what a poller has may be the thread's.
void MetricsThread::run(std::promise<ServerOutcome>& started) {
  auto may_end = may_end_.get_future();
  auto opened = open_poller();
  if (!opened) {
    started.set_value(cannot_open(opened));
    return;
  }
  EventLoop loop(std::move(opened.poller));
  MetricsServer server(loop, source_);
  if (const auto added = server.add(std::move(listeners_)); !added) {
    started.set_value(cannot_listen(added));
    return;
  }
  loop_ = &loop;
  started.set_value({});
  // Without it the server goes on: it is not for those who look at it that it is there.
  try {
    static_cast<void>(loop.run());
  } catch (const std::bad_alloc&) {
    // As above.
  }
  may_end.wait();
}

}  // namespace polymux
