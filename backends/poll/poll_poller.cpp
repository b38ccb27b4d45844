#include "backends/support/checked_poller.hpp"
#include "backends/support/open_backend.hpp"
#include "backends/support/poll_set.hpp"
#include "core/poller/backend_info.hpp"
#include "platform/descriptor_witness.hpp"
#include "platform/poll_bits.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

class PollPoller final : public CheckedPoller {
 public:
  explicit PollPoller(const Capabilities& capabilities) noexcept : CheckedPoller(capabilities) {}
  ~PollPoller() override {
    if (is_foreign_process()) witness_.abandon();
  }

  [[nodiscard]] std::error_code open() {
    if (const auto error = open_wakeup()) return error;
    set_.add_own(wakeup_fd());
    return {};
  }

 private:
  std::error_code attach(int fd, Registration& fresh, const Registration* known) override {
    set_.reserve_for(1);
    if (const auto error = witness_.admit(fd, fresh.file, known ? &known->file : nullptr)) {
      return error;
    }
    if (known != nullptr) set_.erase(*known);
    set_.insert(fd, fresh);
    return {};
  }

  std::error_code rearm(int fd, Registration& changed, const Registration& current) override {
    if (const auto error = witness_.confirm(fd, current.file)) return error;
    set_.update(fd, changed);
    return {};
  }

  void detach(int fd, const Registration& gone) noexcept override {
    witness_.forget(fd, gone.file);
    set_.erase(gone);
  }

  Look look(std::span<Event> out, Timeout timeout) override {
    const int found = set_.poll(timeout);
    if (found < 0) return {.error = last_error()};
    if (found == 0) return {};
    if (set_.is_own_ready(0)) clear_wakeup();
    return {.count = set_.collect(out)};
  }

  PollSet set_{registrations()};
  DescriptorWitness witness_;
};

std::unique_ptr<Poller> open_poll(std::error_code& error) noexcept {
  const Capabilities capabilities{.priority = true,
                                  .read_closed = poll_read_closed != 0,
                                  .hangup = true,
                                  .error = true,
                                  .timeout_step = PollSet::timeout_step,
                                  .wait_cost = WaitCost::registered};
  return open_backend<PollPoller>(capabilities, error);
}

}  // namespace

extern const BackendInfo poll_backend;
const BackendInfo poll_backend{.name = "poll",
                               .summary = "poll(2) of POSIX, ppoll(2) where there is one",
                               .preference = 20,
                               .open = open_poll};

}  // namespace polymux
