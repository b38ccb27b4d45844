#include "platform/completion_ring.hpp"

#include <liburing.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <vector>

#include "backends/io_uring/refusal.hpp"
#include "platform/system_error.hpp"
#include "platform/wakeup.hpp"

namespace polymux {
namespace {

constexpr unsigned most_requests = 512;
constexpr unsigned most_completions = 4096;
// Room for what comes at once; it is given back as soon as it was answered.
constexpr unsigned pieces = 256;
constexpr std::size_t greatest_piece = 16 * std::size_t{1024};
constexpr int group = 1;
// Of the requests that are made to look what the kernel can do.
constexpr CompletionRing::Tag of_trial = ~CompletionRing::Tag{0};

std::error_code to_error(int result) noexcept {
  return result < 0 ? std::error_code(-result, std::system_category()) : std::error_code{};
}

class UringCompletions final : public CompletionRing {
 public:
  explicit UringCompletions(std::size_t piece)
      : piece_(std::clamp<std::size_t>(piece, 1, greatest_piece)), memory_(piece_ * pieces) {}

  ~UringCompletions() override {
    if (is_open_) io_uring_queue_exit(&ring_);
    if (buffers_ != nullptr) ::munmap(buffers_, buffers_size);
  }

  [[nodiscard]] std::error_code open(Receiving receiving) noexcept {
    io_uring_params parameters{};
    // Completions are delivered when they are asked for, and interrupt nobody (Linux 6.1).
    parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL |
                       IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG;
    parameters.cq_entries = most_completions;
    const int result = io_uring_queue_init_params(most_requests, &ring_, &parameters);
    if (result == -EINVAL) return kernel_too_old_for_completions();
    if (result < 0) return to_refusal(-result);
    is_open_ = true;
    // Requests are handed over in the order of their places.
    for (unsigned index = 0; index < ring_.sq.ring_entries; ++index) ring_.sq.array[index] = index;
    if (const auto error = register_buffers()) return error;
    // The ring itself can be polled, but tells nobody of completions that are not yet delivered.
    if (const auto error = signal_.open()) return error;
    if (const int failed = io_uring_register_eventfd(&ring_, signal_.fd()); failed < 0) {
      return to_refusal(-failed);
    }
    // A sandbox may allow to make a ring and not to use it.
    if (const int entered = enter_once(); entered < 0) return to_refusal(-entered);
    return receiving == Receiving::a_piece_a_request ? std::error_code{} : look_for_limits();
  }

  [[nodiscard]] int fd() const noexcept override { return signal_.fd(); }
  void acknowledge() noexcept override { signal_.clear(); }
  void rouse() noexcept override { signal_.signal(); }
  void set_quiet(bool is_quiet) noexcept override {
    const unsigned flags = is_quiet ? IORING_CQ_EVENTFD_DISABLED : 0;
    // In one order with the looks of `has_news`: who is not signalled must see what came.
    __atomic_store_n(ring_.cq.kflags, flags, __ATOMIC_SEQ_CST);
  }

  [[nodiscard]] bool has_room() const noexcept override {
    return pending() < ring_.sq.ring_entries;
  }

  void accept(int listener, Tag tag) noexcept override {
    auto& request = next_request();
    io_uring_prep_multishot_accept(&request, listener, nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    request.user_data = tag;
  }

  void receive(int socket, std::size_t most, Tag tag) noexcept override {
    auto& request = next_request();
    if (has_limits_) {
      io_uring_prep_recv_multishot(&request, socket, nullptr, 0, 0);
      // It ends with the piece that reaches the limit, for which newer headers have a name: optlen.
      request.file_index = static_cast<unsigned>(std::min<std::size_t>(most, INT_MAX) - piece_ + 1);
    } else {
      io_uring_prep_recv(&request, socket, nullptr, 0, 0);
    }
    request.flags |= IOSQE_BUFFER_SELECT;
    request.buf_group = group;
    request.user_data = tag;
  }

  void send(int socket, std::span<const char> bytes, Patience patience, Tag tag) noexcept override {
    auto& request = next_request();
    const int flags = MSG_NOSIGNAL | (patience == Patience::none ? MSG_DONTWAIT : 0);
    io_uring_prep_send(&request, socket, bytes.data(), bytes.size(), flags);
    request.user_data = tag;
  }

  void cancel(Tag what, Tag tag) noexcept override {
    auto& request = next_request();
    io_uring_prep_cancel64(&request, what, 0);
    request.user_data = tag;
  }

  // The kernel holds a file of its own for what is under way.
  void forget(int /*socket*/) noexcept override {}

  [[nodiscard]] bool needs_enter() const noexcept override {
    return pending() > 0 || has_undelivered();
  }

  [[nodiscard]] bool has_news() const noexcept override {
    return __atomic_load_n(ring_.cq.ktail, __ATOMIC_SEQ_CST) != *ring_.cq.khead ||
           has_undelivered();
  }

  [[nodiscard]] std::error_code enter() noexcept override {
    const int result = enter_once();
    return result == -EBUSY ? std::error_code{} : to_error(result);
  }

  [[nodiscard]] bool take(Completion& completion) noexcept override {
    io_uring_cqe* entry = nullptr;
    unsigned head = 0;
    io_uring_for_each_cqe(&ring_, head, entry) break;
    if (entry == nullptr || !has_room()) return false;
    completion = {.tag = entry->user_data,
                  .result = entry->res,
                  .has_more = (entry->flags & IORING_CQE_F_MORE) != 0,
                  .bytes = bytes_of(*entry)};
    io_uring_cqe_seen(&ring_, entry);
    return true;
  }

  void give_back(std::span<char> bytes) noexcept override {
    const auto offset = static_cast<std::size_t>(bytes.data() - memory_.data());
    add_buffer(static_cast<unsigned short>(offset / piece_), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }

  void end() noexcept override {
    tail_ = handed_over();
    io_uring_sync_cancel_reg all{};
    all.fd = -1;
    all.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
    all.timeout = {.tv_sec = -1, .tv_nsec = -1};
    static_cast<void>(io_uring_register_sync_cancel(&ring_, &all));
    // What was cancelled ends when its completion is delivered.
    static_cast<void>(enter_once());
  }

 private:
  static constexpr std::size_t buffers_size = pieces * sizeof(io_uring_buf);

  [[nodiscard]] unsigned handed_over() const noexcept {
    return io_uring_smp_load_acquire(ring_.sq.khead);
  }
  [[nodiscard]] unsigned pending() const noexcept { return tail_ - handed_over(); }

  [[nodiscard]] int enter_once() noexcept {
    io_uring_smp_store_release(ring_.sq.ktail, tail_);
    int result = -EINTR;
    while (result == -EINTR) {
      result = io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), pending(), 0,
                               IORING_ENTER_GETEVENTS, nullptr, _NSIG / CHAR_BIT);
    }
    return result;
  }

  bool has_undelivered() const noexcept {
    constexpr unsigned flags = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_SEQ_CST) & flags) != 0;
  }

  std::error_code register_buffers() noexcept {
    void* const place =
        ::mmap(nullptr, buffers_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (place == MAP_FAILED) return last_error();
    buffers_ = static_cast<io_uring_buf_ring*>(place);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(place);
    registration.ring_entries = pieces;
    registration.bgid = group;
    const int result = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (result < 0) return to_refusal(-result);
    io_uring_buf_ring_init(buffers_);
    for (unsigned index = 0; index < pieces; ++index) {
      add_buffer(static_cast<unsigned short>(index), static_cast<int>(index));
    }
    io_uring_buf_ring_advance(buffers_, pieces);
    return {};
  }

  void add_buffer(unsigned short index, int offset) noexcept {
    io_uring_buf_ring_add(buffers_, memory_.data() + index * piece_, static_cast<unsigned>(piece_),
                          index, io_uring_buf_ring_mask(pieces), offset);
  }

  std::span<char> bytes_of(const io_uring_cqe& entry) noexcept {
    if ((entry.flags & IORING_CQE_F_BUFFER) == 0) return {};
    const auto index = entry.flags >> IORING_CQE_BUFFER_SHIFT;
    const auto size = static_cast<std::size_t>(std::max(entry.res, 0));
    return {memory_.data() + index * piece_, size};
  }

  // A multishot request takes in all that a socket has before anybody could stop it, of which a
  // client may have sent megabytes, unless it has a limit (Linux 6.17). Older ones refuse that.
  // What is refused is the request itself, before anybody looks at the number.
  std::error_code look_for_limits() noexcept {
    has_limits_ = true;
    receive(-1, piece_, of_trial);
    if (const auto error = enter()) return error;
    Completion done;
    has_limits_ = take(done) && done.result == -EBADF;
    return {};
  }

  io_uring_sqe& next_request() noexcept {
    auto& request = ring_.sq.sqes[tail_ & ring_.sq.ring_mask];
    request = {};
    ++tail_;
    return request;
  }

  std::size_t piece_;
  std::vector<char> memory_;
  Wakeup signal_;
  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  unsigned tail_ = 0;
  bool has_limits_ = false;
  bool is_open_ = false;
};

}  // namespace

std::unique_ptr<CompletionRing> open_completion_ring(std::size_t piece, std::error_code& error,
                                                     Receiving receiving) {
  auto ring = std::make_unique<UringCompletions>(piece);
  error = ring->open(receiving);
  if (error) return nullptr;
  return ring;
}

}  // namespace polymux
