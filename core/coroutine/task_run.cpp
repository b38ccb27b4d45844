#include <polymux/coroutine/task_run.hpp>

#include <utility>

namespace polymux {

void TaskRun::resume(std::coroutine_handle<> waiting) {
  is_running_ = true;
  waiting.resume();
  is_running_ = false;
  settle();
}

void TaskRun::abandon(bool cancels) {
  is_abandoned_ = true;
  is_cancelled_ = cancels;
  when_done_ = nullptr;
  if (auto* const joiner = std::exchange(joiner_, nullptr)) joiner->on_cancelled();
  // Whoever cancels the task that he is in goes on until it suspends itself.
  if (!is_running_) settle();
}

void TaskRun::settle() {
  if (is_abandoned_) {
    if (is_cancelled_ || is_done()) return destroy_abandoned();
    return link(loop_);
  }
  if (!is_done()) return;
  if (auto* const joiner = std::exchange(joiner_, nullptr)) return joiner->on_done();
  // Held here: it may destroy this.
  if (const auto when_done = std::exchange(when_done_, nullptr)) when_done();
}

void TaskRun::destroy_abandoned() {
  const auto thrown = is_cancelled_ ? nullptr : error();
  outermost().destroy();
  if (thrown) std::rethrow_exception(thrown);
}

// Nobody else would destroy what is detached.
void TaskRun::on_loop_end() noexcept {
  is_cancelled_ = true;
  if (!is_running_) destroy_abandoned();
}

}  // namespace polymux
