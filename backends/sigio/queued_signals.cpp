// Linux: F_SETSIG queues a real-time signal for each change, with the descriptor in it (fcntl(2)).

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "backends/sigio/readiness_signals.hpp"
#include "platform/descriptors.hpp"
#include "platform/process_epoch.hpp"
#include "platform/system_error.hpp"
#include "platform/unique_fd.hpp"

namespace polymux {
namespace {

using Thread = pid_t;

// Asked for once a thread, and anew in a child by fork, which inherits what is remembered here.
Thread this_thread() noexcept {
  thread_local Thread id = 0;
  thread_local std::uint64_t asked_in = 0;
  if (asked_in != process_epoch()) {
    id = static_cast<Thread>(::syscall(SYS_gettid));
    asked_in = process_epoch();
  }
  return id;
}

bool is_default(int number) noexcept {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         action.sa_handler == SIG_DFL;
}

// A real-time signal that nobody uses, the same for the life of the process. The greatest come
// first: programs that number their own begin with SIGRTMIN. Zero if there is none.
int choose_signal() noexcept {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
    if (is_default(number) && ::sigismember(&blocked, number) == 0) return number;
  }
  return 0;
}

int readiness_signal() noexcept {
  static const int number = choose_signal();
  return number;
}

// The signal, and SIGIO, which comes in its place when the queue is full.
sigset_t both_signals() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, readiness_signal());
  ::sigaddset(&set, SIGIO);
  return set;
}

class QueuedSignals;

/// All of the process. A thread's signals are one queue, from which any poller of that thread
/// takes: it hands the others what it found.
struct Exchange {
  std::mutex mutex;
  std::vector<QueuedSignals*> members;

  const std::uint64_t process = process_epoch();
  /// The parent's, to which a child has nothing to say: its members are gone or foreign, and its
  /// mutex may be held by a thread that the child has not.
  const Exchange* inherited = nullptr;
};

// Never destroyed: pollers may be, after it.
Exchange& exchange() {
  static std::atomic<Exchange*> newest{nullptr};
  auto* current = newest.load();
  while (current == nullptr || current->process != process_epoch()) {
    auto fresh = std::make_unique<Exchange>();
    fresh->inherited = current;
    if (newest.compare_exchange_strong(current, fresh.get())) return *fresh.release();
  }
  return *current;
}

// Set once a file may go on signalling that nobody can reach: its signals must stay blocked, for
// they end a process that does not expect them.
constinit std::atomic<bool> may_signal_for_ever{false};

/// What a thread had blocked before its first poller, and how many it has.
struct ThreadMask {
  int pollers = 0;
  bool is_blocked = false;
  sigset_t before{};
  std::uint64_t process = 0;

  /// False if the signals cannot be blocked: then none may be asked for.
  [[nodiscard]] bool enter() noexcept {
    // In a child by fork the pollers are the parent's.
    if (std::exchange(process, process_epoch()) != process_epoch()) pollers = 0;
    if (pollers++ == 0) {
      const auto ours = both_signals();
      is_blocked = ::pthread_sigmask(SIG_BLOCK, &ours, &before) == 0;
    }
    return is_blocked;
  }
  void leave() noexcept {
    if (--pollers > 0 || !is_blocked || may_signal_for_ever.load()) return;
    auto ours = both_signals();
    for (const int number : {readiness_signal(), SIGIO}) {
      if (::sigismember(&before, number) == 1) ::sigdelset(&ours, number);
    }
    ::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
  }
};
thread_local ThreadMask thread_mask;

class QueuedSignals final : public ReadinessSignals {
 public:
  QueuedSignals() = default;

  ~QueuedSignals() override {
    if (!source_) return;
    {
      const std::scoped_lock lock(exchange().mutex);
      std::erase(exchange().members, this);
    }
    // In another thread's mask nothing can be put back; it ends with the thread.
    if (owner_ != this_thread()) return;
    if (thread_mask.pollers == 1) {
      // What is pending would strike when it is unblocked.
      while (read_batch() > 0 || errno == EINTR) {
      }
      // What could not be taken stays blocked.
      if (errno != EAGAIN) may_signal_for_ever.store(true);
    }
    thread_mask.leave();
  }

  [[nodiscard]] std::error_code open() {
    if (readiness_signal() == 0) {
      return std::make_error_code(std::errc::resource_unavailable_try_again);
    }
    const auto ours = both_signals();
    UniqueFd source(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!source) return last_error();
    numbers_.reserve(batch_.size());
    const std::scoped_lock lock(exchange().mutex);
    exchange().members.push_back(this);
    source_ = std::move(source);
    return {};
  }

  bool enter_thread() noexcept override {
    const auto thread = this_thread();
    if (thread == owner_) return false;
    const std::scoped_lock lock(exchange().mutex);
    is_masked_ = thread_mask.enter();
    owner_ = thread;
    return true;
  }

  bool arm(int fd) noexcept override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ASYNC) != 0 || has_owner(fd)) return false;
    const bool is_armed = readdress(fd) && ::fcntl(fd, F_SETSIG, readiness_signal()) == 0 &&
                          ::fcntl(fd, F_SETFL, flags | O_ASYNC) == 0;
    if (!is_armed) disarm(fd);
    return is_armed;
  }

  bool readdress(int fd) noexcept override {
    // Unblocked, the first signal would end the process.
    if (!is_masked_) return false;
    // To the thread and not to the process, any thread of which might take it.
    const f_owner_ex owner{.type = F_OWNER_TID, .pid = owner_};
    return ::fcntl(fd, F_SETOWN_EX, &owner) == 0;
  }

  void disarm(int fd) noexcept override {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags >= 0) static_cast<void>(::fcntl(fd, F_SETFL, flags & ~O_ASYNC));
    static_cast<void>(::fcntl(fd, F_SETSIG, 0));
    static_cast<void>(::fcntl(fd, F_SETOWN, 0));
  }

  void leave_armed() noexcept override { may_signal_for_ever.store(true); }

  int fd() const noexcept override { return source_.get(); }

  bool has_hints() const noexcept override { return has_mail_.load(std::memory_order_acquire); }

  Hints take() noexcept override {
    numbers_.clear();
    Hints hints;
    const auto count = read_batch();
    const std::scoped_lock lock(exchange().mutex);
    for (std::size_t index = 0; index < count; ++index) {
      const auto& signal = batch_[index];
      if (static_cast<int>(signal.ssi_signo) == SIGIO) {
        hints.look_at_all = true;
      } else {
        numbers_.push_back(signal.ssi_fd);
      }
    }
    forward(hints.look_at_all);
    hints.look_at_all = hints.look_at_all || must_look_at_all_;
    must_look_at_all_ = false;
    has_mail_.store(false, std::memory_order_relaxed);
    hints.numbers = numbers_;
    return hints;
  }

  void abandon() noexcept override { static_cast<void>(source_.release()); }

 private:
  // Somebody wants SIGURG (socket(7)), or will set O_ASYNC.
  static bool has_owner(int fd) noexcept {
    f_owner_ex owner{};
    return ::fcntl(fd, F_GETOWN_EX, &owner) == 0 && owner.pid != 0;
  }

  // The number of signals read.
  std::size_t read_batch() noexcept {
    const auto got = ::read(source_.get(), batch_.data(), sizeof batch_);
    return got > 0 ? static_cast<std::size_t>(got) / sizeof batch_[0] : 0;
  }

  // Several pollers in a thread are rare: each of the others simply looks at all that it has.
  void forward(bool are_lost) noexcept {
    if (numbers_.empty() && !are_lost) return;
    for (auto* member : exchange().members) {
      if (member == this || member->owner_ != owner_) continue;
      member->must_look_at_all_ = true;
      member->has_mail_.store(true, std::memory_order_release);
    }
  }

  UniqueFd source_;
  Thread owner_ = 0;
  /// The owner has the signals blocked.
  bool is_masked_ = false;
  std::array<signalfd_siginfo, 64> batch_{};
  std::vector<int> numbers_;
  /// Guarded by the exchange's mutex.
  bool must_look_at_all_ = false;
  std::atomic<bool> has_mail_{false};
};

}  // namespace

std::unique_ptr<ReadinessSignals> open_readiness_signals(std::error_code& error) noexcept {
  return open_signals<QueuedSignals>(error);
}

}  // namespace polymux
