#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace bench {

/// A call to be made by a loop.
struct Task {
  void (*call)(void*);
  void* argument;
};

/// The queue beside the wake-up of those libraries that bring only the latter: libuv and libev say
/// that several wake-ups may be told as one, and that what is to be done is the program's own.
class Mailbox {
 public:
  /// \return Whether the loop needs to be woken: nothing waited before.
  bool put(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(task);
    return tasks_.size() == 1;
  }

  void run_all() {
    due_.clear();
    {
      const std::lock_guard lock(mutex_);
      due_.swap(tasks_);
    }
    for (const auto& task : due_) task.call(task.argument);
  }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::vector<Task> due_;
};

}  // namespace bench
