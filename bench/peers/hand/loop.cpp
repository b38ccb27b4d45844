#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "hand/methods.hpp"
#include "support/descriptors.hpp"
#include "support/mailbox.hpp"
#include "support/upper_case.hpp"
#include "workloads/posting.hpp"
#include "workloads/timers.hpp"

namespace bench::hand {
namespace {

using Clock = std::chrono::steady_clock;

struct Queue {
  int fd = ::epoll_create1(EPOLL_CLOEXEC);

  void control(int operation, int descriptor, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    require(::epoll_ctl(fd, operation, descriptor, &event) == 0, "epoll_ctl");
  }
  void look() const {
    epoll_event events[256];
    require(::epoll_wait(fd, events, static_cast<int>(std::size(events)), 0) >= 0, "epoll_wait");
  }
};

// A binary heap of deadlines that tells each timer where it is, so that one can be cancelled.
class Heap {
 public:
  struct Timer {
    std::uint32_t position = 0;
  };
  struct Entry {
    Clock::time_point deadline;
    Timer* timer;
  };

  void insert(Clock::time_point deadline, Timer& timer) {
    entries_.push_back({deadline, &timer});
    rise(entries_.size() - 1, entries_.back());
  }
  void erase(const Timer& timer) {
    const std::size_t position = timer.position;
    const auto last = entries_.back();
    entries_.pop_back();
    if (position == entries_.size()) return;
    if (position > 0 && last.deadline < entries_[(position - 1) / 2].deadline) {
      rise(position, last);
    } else {
      sink(position, last);
    }
  }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const Entry& front() const noexcept { return entries_.front(); }

 private:
  void put(std::size_t position, const Entry& entry) {
    entries_[position] = entry;
    entry.timer->position = static_cast<std::uint32_t>(position);
  }
  void rise(std::size_t position, Entry entry) {
    while (position > 0 && entry.deadline < entries_[(position - 1) / 2].deadline) {
      put(position, entries_[(position - 1) / 2]);
      position = (position - 1) / 2;
    }
    put(position, entry);
  }
  void sink(std::size_t position, Entry entry) {
    for (auto child = 2 * position + 1; child < entries_.size(); child = 2 * position + 1) {
      if (child + 1 < entries_.size() && entries_[child + 1].deadline < entries_[child].deadline) {
        ++child;
      }
      if (entry.deadline <= entries_[child].deadline) break;
      put(position, entries_[child]);
      position = child;
    }
    put(position, entry);
  }

  std::vector<Entry> entries_;
};

// A loop that can be posted to, and does nothing else.
class PostLoop {
 public:
  PostLoop() { queue_.control(EPOLL_CTL_ADD, wake_, EPOLLIN); }

  void run() {
    is_stopping_ = false;
    while (!is_stopping_) {
      epoll_event event{};
      if (::epoll_wait(queue_.fd, &event, 1, -1) <= 0) continue;
      take_token(wake_);
      mailbox_.run_all();
    }
  }
  void stop() noexcept { is_stopping_ = true; }
  void post(Task task) {
    if (mailbox_.put(task)) put_token(wake_);
  }

 private:
  Queue queue_;
  int wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  Mailbox mailbox_;
  bool is_stopping_ = false;
};

struct HandPeer {
  struct Loop : PostLoop {
    explicit Loop(const std::string& /*variant*/) {}
  };
};

}  // namespace

void add_remove(Run& run) {
  const Queue queue;
  const auto sockets = open_silent_sockets(run["descriptors"]);
  const auto rounds = run["rounds"];

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (const int socket : sockets) queue.control(EPOLL_CTL_ADD, socket, EPOLLIN);
    queue.look();
    for (const int socket : sockets) queue.control(EPOLL_CTL_DEL, socket, 0);
    queue.look();
  }
  run.finish(rounds * sockets.size());
}

void modify(Run& run) {
  const Queue queue;
  const auto sockets = open_silent_sockets(run["descriptors"]);
  const auto rounds = run["rounds"];
  for (const int socket : sockets) queue.control(EPOLL_CTL_ADD, socket, EPOLLIN);

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::uint32_t events = round % 2 == 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
    for (const int socket : sockets) queue.control(EPOLL_CTL_MOD, socket, events);
    queue.look();
  }
  run.finish(rounds * sockets.size());
}

void timers(Run& run) {
  const auto delays = random_delays(run["timers"]);
  std::vector<Heap::Timer> all(delays.size());
  Heap heap;
  const auto step = run["step"];
  if (step <= schedule_timers) run.begin();
  if (step == make_timers) run.finish(delays.size());
  // The time is read once for all of them, as a loop does.
  const auto now = Clock::now();
  for (std::size_t index = 0; index < delays.size(); ++index) {
    heap.insert(now + delays[index], all[index]);
  }
  if (step == schedule_timers) run.finish(delays.size());
  if (step == cancel_timers) {
    run.begin();
    for (const auto& timer : all) heap.erase(timer);
    run.finish(delays.size());
  }
  // All are due by then, so what is measured is firing and not waiting.
  std::this_thread::sleep_for(longest_delay + std::chrono::milliseconds(1));
  run.begin();
  std::uint64_t fired = 0;
  const auto later = Clock::now();
  while (!heap.empty() && heap.front().deadline <= later) {
    heap.erase(*heap.front().timer);
    ++fired;
  }
  run.finish(fired);
}

void timer_memory(Run& run) {
  const auto count = run["count"];

  run.begin();
  std::vector<Heap::Timer> all(count);
  Heap heap;
  for (auto& timer : all) heap.insert(Clock::now() + std::chrono::hours(1), timer);
  run.finish(count);
}

void post(Run& run) {
  run_post<HandPeer>(run);
}
void ping(Run& run) {
  run_ping<HandPeer>(run);
}

void upper_case_loop(Run& run) {
  std::vector<char> bytes(run["payload"], 'q');
  const auto rounds = run["rounds"];

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    upper_case(bytes.data(), bytes.size());
    require(bytes.back() == 'Q', "a byte is not in upper case");
    bytes.back() = 'q';
  }
  run.finish(rounds * bytes.size());
}

}  // namespace bench::hand
