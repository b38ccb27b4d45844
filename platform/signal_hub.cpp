#include "platform/signal_hub.hpp"

#include <memory>
#include <mutex>

namespace polymux::signal_hub {
namespace {

/// One signal's handler, while somebody wants it.
struct Installed {
  std::size_t users = 0;
  std::unique_ptr<SignalHandler> handler;
};

struct Hub {
  std::mutex mutex;
  std::array<Installed, greatest_signal + 1> installed;
};

// Never destroyed: signals may come while the process ends.
Hub& hub() {
  static auto* const the_hub = new Hub;
  return *the_hub;
}

// Grows at its head and never shrinks.
constinit std::atomic<SignalBox*> boxes{nullptr};

extern "C" void polymux_on_signal(int number) {
  for (auto* box = boxes.load(); box != nullptr; box = box->next) {
    // In a child the handler is inherited, and the box is the parent's.
    if (!box->wanted.test(number) || box->process.is_foreign()) continue;
    box->pending.set(number);
    box->wakeup.signal();
  }
}

SignalBox* find_free() noexcept {
  for (auto* box = boxes.load(); box != nullptr; box = box->next) {
    bool is_used = false;
    if (!box->process.is_foreign() && box->is_used.compare_exchange_strong(is_used, true)) {
      return box;
    }
  }
  return nullptr;
}

void publish(SignalBox& box) noexcept {
  box.next = boxes.load();
  while (!boxes.compare_exchange_weak(box.next, &box)) {
  }
}

}  // namespace

std::error_code acquire(SignalBox*& box) {
  box = find_free();
  if (box != nullptr) return {};
  auto fresh = std::make_unique<SignalBox>();
  if (const auto error = fresh->wakeup.open()) return error;
  fresh->is_used.store(true);
  box = fresh.release();
  publish(*box);
  return {};
}

void release(SignalBox& box) noexcept {
  box.pending.clear();
  box.wakeup.clear();
  box.is_used.store(false);
}

std::error_code subscribe(SignalBox& box, int number) {
  if (number < 1 || number > greatest_signal) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  if (box.wanted.test(number)) return {};
  auto& installed = hub().installed[static_cast<std::size_t>(number)];
  const std::scoped_lock lock(hub().mutex);
  if (installed.users == 0) {
    auto handler = std::make_unique<SignalHandler>();
    // Wanted before it is installed, lest the first signal finds nobody.
    box.wanted.set(number);
    if (const auto error = handler->install(number, polymux_on_signal)) {
      box.wanted.reset(number);
      return error;
    }
    installed.handler = std::move(handler);
  }
  ++installed.users;
  box.wanted.set(number);
  return {};
}

void unsubscribe(SignalBox& box, int number) noexcept {
  if (!box.wanted.test(number)) return;
  auto& installed = hub().installed[static_cast<std::size_t>(number)];
  const std::scoped_lock lock(hub().mutex);
  // What was there before comes back first, lest a signal between is lost on everybody.
  if (--installed.users == 0) installed.handler.reset();
  box.wanted.reset(number);
}

}  // namespace polymux::signal_hub
