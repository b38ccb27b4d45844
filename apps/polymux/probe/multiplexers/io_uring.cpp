// The system calls themselves: what liburing does beside them would be another's word.

#include <linux/io_uring.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "apps/polymux/probe/descriptor.hpp"
#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/poll_flags.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

// Memory that is shared with the kernel.
class Mapping {
 public:
  Mapping(int ring, std::size_t size, off_t offset)
      : size_(size),
        start_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
                      offset)) {
    if (start_ == MAP_FAILED) throw SystemFailure("mmap of io_uring");
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(start_, size_); }

  template <typename T>
  [[nodiscard]] T* at(std::size_t offset) const {
    return static_cast<T*>(static_cast<void*>(static_cast<char*>(start_) + offset));
  }

 private:
  std::size_t size_;
  void* start_;
};

int set_up(io_uring_params& parameters) {
  constexpr unsigned entries = 4;
  const auto ring = ::syscall(__NR_io_uring_setup, entries, &parameters);
  if (ring < 0) throw SystemFailure("io_uring_setup");
  return static_cast<int>(ring);
}

class UringSession final : public Session {
 public:
  UringSession()
      : ring_(set_up(parameters_)),
        submissions_(ring_.get(),
                     parameters_.sq_off.array + parameters_.sq_entries * sizeof(unsigned),
                     IORING_OFF_SQ_RING),
        entries_(ring_.get(), parameters_.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES),
        completions_(ring_.get(),
                     parameters_.cq_off.cqes + parameters_.cq_entries * sizeof(io_uring_cqe),
                     IORING_OFF_CQ_RING) {}

  void watch(int fd, Interest interest) override {
    fd_ = fd;
    request_ = poll_request(interest);
    submit();
  }

  // A request completes once. Until then it holds the file, not the number.
  Flags look(std::chrono::milliseconds patience) override {
    if (!is_in_flight_) submit();
    pollfd ring{.fd = ring_.get(), .events = POLLIN, .revents = 0};
    const auto call = [&] { return ::poll(&ring, 1, static_cast<int>(patience.count())); };
    if (uninterrupted(call) < 0) throw SystemFailure("poll");
    return take();
  }

 private:
  void submit() {
    const unsigned mask = *submissions_.at<unsigned>(parameters_.sq_off.ring_mask);
    auto* const tail = submissions_.at<unsigned>(parameters_.sq_off.tail);
    const unsigned position = *tail & mask;
    auto& entry = entries_.at<io_uring_sqe>(0)[position];
    entry = {};
    entry.opcode = IORING_OP_POLL_ADD;
    entry.fd = fd_;
    // The low half, which every kernel reads at this place.
    entry.poll_events = static_cast<decltype(entry.poll_events)>(request_);
    submissions_.at<unsigned>(parameters_.sq_off.array)[position] = position;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    if (::syscall(__NR_io_uring_enter, ring_.get(), 1, 0, 0, nullptr, 0) < 0) {
      throw SystemFailure("io_uring_enter");
    }
    is_in_flight_ = true;
  }

  Flags take() {
    auto* const head = completions_.at<unsigned>(parameters_.cq_off.head);
    const unsigned tail =
        __atomic_load_n(completions_.at<unsigned>(parameters_.cq_off.tail), __ATOMIC_ACQUIRE);
    if (*head == tail) return {};
    const unsigned mask = *completions_.at<unsigned>(parameters_.cq_off.ring_mask);
    const int result = completions_.at<io_uring_cqe>(parameters_.cq_off.cqes)[*head & mask].res;
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    is_in_flight_ = false;
    if (result < 0) throw Refusal("POLL_ADD", -result);
    return names_of_poll_bits(result);
  }

  io_uring_params parameters_{};
  Descriptor ring_;
  Mapping submissions_;
  Mapping entries_;
  Mapping completions_;
  int fd_ = -1;
  int request_ = 0;
  bool is_in_flight_ = false;
};

}  // namespace

extern const Opening io_uring_opening;
const Opening io_uring_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<UringSession>(); }};

}  // namespace probe
