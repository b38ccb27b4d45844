#include <event2/event.h>

#include <map>
#include <stdexcept>
#include <string_view>

#include "tests/differential/reference.hpp"

namespace polymux::differential {
namespace {

struct FreeEvent {
  void operator()(event* it) const noexcept { event_free(it); }
};
struct FreeBase {
  void operator()(event_base* it) const noexcept { event_base_free(it); }
};
struct FreeConfig {
  void operator()(event_config* it) const noexcept { event_config_free(it); }
};

class LibeventReference final : public Reference {
 public:
  LibeventReference() {
    const std::unique_ptr<event_config, FreeConfig> config(event_config_new());
    // Whatever there is but poll: the others disagree with it about duplicates and closed numbers.
    const char** methods = event_get_supported_methods();
    for (; *methods != nullptr; ++methods) {
      if (std::string_view(*methods) != "poll") event_config_avoid_method(config.get(), *methods);
    }
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_IGNORE_ENV);
    base_.reset(event_base_new_with_config(config.get()));
    if (!base_) throw std::runtime_error("libevent has no poll method here");
  }

  void watch(int fd, Interest interest) override {
    forget(fd);
    int bits = EV_PERSIST;
    if (contains(interest, Interest::read)) bits |= EV_READ;
    if (contains(interest, Interest::write)) bits |= EV_WRITE;
    if (bits == EV_PERSIST) return;
    auto& slot = slots_[fd];
    slot.handle.reset(event_new(base_.get(), fd, static_cast<short>(bits), on_ready, &slot));
    if (!slot.handle || event_add(slot.handle.get(), nullptr) != 0) {
      throw std::runtime_error("libevent: event_add failed");
    }
  }

  void forget(int fd) override { slots_.erase(fd); }
  void forget_all() override { slots_.clear(); }

  void look() override {
    for (auto& [fd, slot] : slots_) slot.found = Ready::none;
    // Without ONCE the loop would go on for as long as anything is ready.
    if (event_base_loop(base_.get(), EVLOOP_ONCE | EVLOOP_NONBLOCK) < 0) {
      throw std::runtime_error("libevent: event_base_loop failed");
    }
  }

  [[nodiscard]] Ready found(int fd) const override {
    const auto slot = slots_.find(fd);
    return slot == slots_.end() ? Ready::none : slot->second.found;
  }

 private:
  struct Slot {
    std::unique_ptr<event, FreeEvent> handle;
    Ready found = Ready::none;
  };

  static void on_ready(evutil_socket_t /*fd*/, short bits, void* argument) {
    auto& slot = *static_cast<Slot*>(argument);
    if ((bits & EV_READ) != 0) slot.found |= Ready::readable;
    if ((bits & EV_WRITE) != 0) slot.found |= Ready::writable;
  }

  std::unique_ptr<event_base, FreeBase> base_;
  // A map, whose entries do not move: libevent holds their addresses.
  std::map<int, Slot> slots_;
};

}  // namespace

std::unique_ptr<Reference> Reference::open() {
  return std::make_unique<LibeventReference>();
}

}  // namespace polymux::differential
