#include "run.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <polymux/polymux.hpp>

#include "choose_io.hpp"
#include "descriptor_limit.hpp"
#include "plan.hpp"
#include "progress.hpp"
#include "worker.hpp"
#include "wrong_usage.hpp"

namespace load {
namespace {

using namespace std::chrono_literals;

double in_seconds(nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double cpu_seconds() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

polymux::OpenResult open_poller(const Options& options) {
  auto opened = options.backend ? polymux::open_poller(*options.backend) : polymux::open_poller();
  if (opened) return opened;
  if (opened.error == polymux::Errc::unknown_backend) throw WrongUsage(opened.message);
  throw std::runtime_error(opened.message);
}

std::uint64_t connections_of(const Options& options) {
  return options.connections + options.idle;
}

void require_descriptors(const Options& options, std::size_t loops) {
  // Those of the loops, of the standard library and of whoever started this.
  const auto beside = 32 + 8 * loops;
  // A ring lets go of a socket some time after it was closed, and by then the next one is open.
  const bool closes_late = options.reconnects && options.io == Io::uring;
  const auto late = closes_late ? options.connections : 0;
  const auto message = allow_descriptors(connections_of(options) + late + beside);
  if (!message.empty()) throw std::runtime_error(message);
}

/// All workers of a run, and what begins, watches and ends them. That shares the thread and the
/// loop of the first worker: with one worker the process has one thread, whose system calls cost
/// less.
class Run {
 public:
  Run(const Options& options, const std::vector<Share>& shares, bool shows_progress)
      : plan_{.options = options,
              .io = choose_io(options),
              .target = Target(options, connections_of(options)),
              .payload = Payload(options.seed)},
        opened_poller_(open_poller(options)),
        loop_(std::move(opened_poller_.poller)),
        terminate_(loop_, [this] { end_early(); }),
        interrupt_(loop_, [this] { end_early(); }),
        second_(loop_, [this] { show_progress(); }),
        shows_progress_(shows_progress) {
    watch(terminate_, SIGTERM);
    watch(interrupt_, SIGINT);
    for (const auto& share : shares) add_worker(share);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() { end_threads(); }

  void run() {
    for (auto& worker : workers_) {
      if (is_of_this_thread(*worker)) {
        worker->open();
      } else {
        threads_.emplace_back([this, &worker = *worker] { run_worker(worker); });
      }
    }
    const auto error = loop_.run();
    end_threads();
    if (error) throw std::runtime_error("the event loop has failed: " + error.message());
    if (!failure_.empty()) throw std::runtime_error(failure_);
  }

  [[nodiscard]] Result result() const {
    Result result;
    auto end = start_;
    for (const auto& worker : workers_) {
      result.tally.merge(worker->tally());
      result.latency.merge(worker->latency());
      result.lag.merge(worker->lag());
      result.gave_up = result.gave_up || worker->gave_up();
      end = std::max(end, worker->end());
    }
    result.seconds = in_seconds(end - start_);
    result.cpu_seconds = cpu_;
    const auto wall = in_seconds(done_ - start_);
    result.cpu_share = wall > 0 ? cpu_ / wall : 0;
    result.threads = workers_.size();
    result.backend = opened_poller_.backend;
    result.io = plan_.io;
    result.address = plan_.target.address().to_string();
    result.was_interrupted = was_interrupted_;
    return result;
  }

 private:
  static void watch(polymux::SignalWatch& watch, int number) {
    // What comes back when the watch ends: a third signal does not cost the report.
    std::signal(number, SIG_IGN);
    if (const auto error = watch.start(number)) {
      throw std::runtime_error("cannot watch signals: " + error.message());
    }
  }

  void add_worker(const Share& share) {
    if (!workers_.empty()) {
      loops_.push_back(std::make_unique<polymux::EventLoop>(open_poller(plan_.options).poller));
    }
    auto& loop = workers_.empty() ? loop_ : *loops_.back();
    Worker::Calls calls{.when_opened = [this] { loop_.post([this] { note_opened(); }); },
                        .when_done =
                            [this, &loop] {
                              if (&loop != &loop_) loop.stop();
                              loop_.post([this] { note_done(); });
                            }};
    workers_.push_back(std::make_unique<Worker>(loop, plan_, share, std::move(calls)));
  }

  [[nodiscard]] bool is_of_this_thread(Worker& worker) const noexcept {
    return &worker.loop() == &loop_;
  }

  // In a worker's thread.
  void run_worker(Worker& worker) {
    std::string failure;
    try {
      worker.open();
      if (const auto error = worker.loop().run()) {
        failure = "the event loop of a thread has failed: " + error.message();
      }
    } catch (const std::exception& error) {
      failure = error.what();
    }
    if (failure.empty()) return;
    loop_.post([this, failure] {
      failure_ = failure;
      loop_.stop();
    });
  }

  void note_opened() {
    if (++opened_ < workers_.size()) return;
    // Where each request connects, none is open by now.
    if (!plan_.options.reconnects && total_progress().open == 0) return for_all(&Worker::abandon);
    start_ = Clock::now();
    cpu_ = cpu_seconds();
    has_begun_ = true;
    for (auto& worker : workers_) {
      worker->loop().post([&worker = *worker, start = start_] { worker.begin(start); });
    }
    if (!shows_progress_) return;
    line_ = ProgressLine(start_);
    second_.start_after(1s);
  }

  void note_done() {
    if (++ended_ < workers_.size()) return;
    done_ = Clock::now();
    if (has_begun_) cpu_ = cpu_seconds() - cpu_;
    loop_.stop();
  }

  void end_early() {
    for_all(std::exchange(was_interrupted_, true) ? &Worker::abandon : &Worker::finish);
  }

  void for_all(void (Worker::*what)()) {
    for (auto& worker : workers_) {
      worker->loop().post([&worker = *worker, what] { (worker.*what)(); });
    }
  }

  [[nodiscard]] Worker::Progress total_progress() const {
    Worker::Progress sum;
    for (const auto& worker : workers_) {
      const auto part = worker->progress();
      sum.answered += part.answered;
      sum.failed += part.failed;
      sum.bytes += part.bytes;
      sum.open += part.open;
    }
    return sum;
  }

  // Over the line before; what is left of that is cleared (EL of ECMA-48).
  void show_progress() {
    const auto text = "\r" + line_.next(total_progress(), Clock::now()) + "\x1b[K";
    static_cast<void>(std::fputs(text.c_str(), stderr));
    second_.start_after(1s);
  }

  void end_threads() {
    for_all(&Worker::abandon);
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    if (second_.is_active()) static_cast<void>(std::fputs("\r\x1b[K", stderr));
    second_.stop();
  }

  Plan plan_;
  /// Its name stays when the poller has gone to the loop.
  polymux::OpenResult opened_poller_;
  polymux::EventLoop loop_;
  std::vector<std::unique_ptr<polymux::EventLoop>> loops_;
  polymux::SignalWatch terminate_;
  polymux::SignalWatch interrupt_;
  polymux::Timer second_;
  bool shows_progress_;
  ProgressLine line_{Instant{}};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  std::size_t opened_ = 0;
  std::size_t ended_ = 0;
  Instant start_{};
  Instant done_{};
  bool has_begun_ = false;
  double cpu_ = 0;
  bool was_interrupted_ = false;
  std::string failure_;
};

}  // namespace

Result run(const Options& options, bool shows_progress) {
  const auto shares = split(options);
  require_descriptors(options, shares.size());
  Run run(options, shares, shows_progress);
  run.run();
  return run.result();
}

}  // namespace load
