#include "core/models/coroutine_pool.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

namespace polymux {
namespace {

// One read at most: enough that the cost of the call is shared, small enough for the cache.
constexpr std::size_t scratch_size = std::size_t{64} * 1024;

}  // namespace

CoroutinePool::CoroutinePool(EventLoop& loop, Service& service, const ConnectionOptions& options,
                             LiveCounters& counters, std::function<void()> on_close)
    : loop_(loop),
      service_(service),
      options_(options),
      on_close_(std::move(on_close)),
      counters_(counters),
      scratch_(std::clamp<std::size_t>(options.max_buffer, 1, scratch_size)) {}

CoroutinePool::~CoroutinePool() {
  on_close_ = nullptr;
  close_all();
}

std::error_code CoroutinePool::admit(UniqueFd socket) noexcept {
  try {
    auto client = std::make_unique<CoroutineClient>(*this, std::move(socket));
    if (const auto error = client->begin()) return error;
    clients_.push_back(*client.release());
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  ++counters_.accepted;
  return {};
}

void CoroutinePool::close(CoroutineClient& client) noexcept {
  ConnectionList::unlink(client);
  delete &client;
  --counters_.active;
  ++counters_.closed;
  if (on_close_) on_close_();
}

void CoroutinePool::close_all() noexcept {
  clients_.for_each([this](ConnectionHook& hook) { close(static_cast<CoroutineClient&>(hook)); });
}

void CoroutinePool::begin_drain() noexcept {
  is_draining_ = true;
  clients_.for_each([](ConnectionHook& hook) { static_cast<CoroutineClient&>(hook).hurry(); });
}

TimeLimit CoroutinePool::idle_limit() const noexcept {
  if (options_.idle_timeout <= options_.idle_timeout.zero()) return {};
  return options_.idle_timeout;
}

TimeLimit CoroutinePool::patience() const noexcept {
  return is_draining_ ? TimeLimit(drain_grace) : idle_limit();
}

}  // namespace polymux
