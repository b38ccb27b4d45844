#include "platform/completion_ring.hpp"

#include <liburing.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "backends/io_uring/refusal.hpp"
#include "platform/wakeup.hpp"

namespace polymux {
namespace {

constexpr unsigned most_requests = 512;
constexpr unsigned most_completions = 4096;
// Room for what comes at once; it is given back as soon as it was answered.
constexpr unsigned pieces = 256;
constexpr std::size_t greatest_piece = 16 * std::size_t{1024};
constexpr int group = 1;

std::error_code to_error(int result) noexcept {
  return result < 0 ? std::error_code(-result, std::system_category()) : std::error_code{};
}

class UringCompletions final : public CompletionRing {
 public:
  explicit UringCompletions(std::size_t piece)
      : piece_(std::clamp<std::size_t>(piece, 1, greatest_piece)), memory_(piece_ * pieces) {}

  ~UringCompletions() override {
    if (!is_open_) return;
    io_uring_sync_cancel_reg all{};
    all.fd = -1;
    all.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
    all.timeout = {.tv_sec = -1, .tv_nsec = -1};
    static_cast<void>(io_uring_register_sync_cancel(&ring_, &all));
    io_uring_queue_exit(&ring_);
    if (buffers_ != nullptr) ::munmap(buffers_, buffers_size);
  }

  [[nodiscard]] std::error_code open() noexcept {
    io_uring_params parameters{};
    // Completions are delivered when they are asked for, and interrupt nobody (Linux 6.1).
    parameters.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL |
                       IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG;
    parameters.cq_entries = most_completions;
    const int result = io_uring_queue_init_params(most_requests, &ring_, &parameters);
    if (result == -EINVAL) return kernel_too_old();
    if (result < 0) return to_refusal(-result);
    is_open_ = true;
    if (const auto error = register_buffers()) return error;
    // The ring itself can be polled, but tells nobody of completions that are not yet delivered.
    if (const auto error = signal_.open()) return error;
    if (const int failed = io_uring_register_eventfd(&ring_, signal_.fd()); failed < 0) {
      return to_refusal(-failed);
    }
    const int entered = io_uring_get_events(&ring_);
    return entered < 0 ? to_refusal(-entered) : std::error_code{};
  }

  [[nodiscard]] int fd() const noexcept override { return signal_.fd(); }
  void acknowledge() noexcept override { signal_.clear(); }
  void rouse() noexcept override { signal_.signal(); }
  void set_quiet(bool is_quiet) noexcept override {
    const unsigned flags = is_quiet ? IORING_CQ_EVENTFD_DISABLED : 0;
    // In one order with the looks of `has_news`: who is not signalled must see what came.
    __atomic_store_n(ring_.cq.kflags, flags, __ATOMIC_SEQ_CST);
  }

  void accept(int listener, Tag tag) noexcept override {
    auto& request = next_request();
    io_uring_prep_multishot_accept(&request, listener, nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    request.user_data = tag;
  }

  void receive(int socket, Tag tag) noexcept override {
    auto& request = next_request();
    // Not a multishot one, which takes in all that a socket has before anybody could stop it: a
    // client may have megabytes there, and not take its answers.
    io_uring_prep_recv(&request, socket, nullptr, 0, 0);
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

  void cancel(Tag tag) noexcept override {
    auto& request = next_request();
    io_uring_prep_cancel64(&request, tag, 0);
    request.flags |= IOSQE_CQE_SKIP_SUCCESS;
    request.user_data = no_tag;
  }

  [[nodiscard]] bool needs_enter() const noexcept override {
    return io_uring_sq_ready(&ring_) > 0 || has_undelivered();
  }

  [[nodiscard]] bool has_news() const noexcept override {
    return __atomic_load_n(ring_.cq.ktail, __ATOMIC_SEQ_CST) != *ring_.cq.khead ||
           has_undelivered();
  }

  [[nodiscard]] std::error_code enter() noexcept override {
    const int result = io_uring_submit_and_get_events(&ring_);
    return result == -EINTR || result == -EBUSY ? std::error_code{} : to_error(result);
  }

  [[nodiscard]] bool take(Completion& completion) noexcept override {
    for (;;) {
      io_uring_cqe* entry = nullptr;
      unsigned head = 0;
      io_uring_for_each_cqe(&ring_, head, entry) break;
      if (entry == nullptr) return false;
      completion = {.tag = entry->user_data,
                    .result = entry->res,
                    .has_more = (entry->flags & IORING_CQE_F_MORE) != 0,
                    .bytes = bytes_of(*entry)};
      io_uring_cqe_seen(&ring_, entry);
      if (completion.tag != no_tag) return true;
    }
  }

  void give_back(std::span<char> bytes) noexcept override {
    const auto offset = static_cast<std::size_t>(bytes.data() - memory_.data());
    add_buffer(static_cast<unsigned short>(offset / piece_), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }

 private:
  static constexpr std::size_t buffers_size = pieces * sizeof(io_uring_buf);

  bool has_undelivered() const noexcept {
    constexpr unsigned flags = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_SEQ_CST) & flags) != 0;
  }

  std::error_code register_buffers() noexcept {
    void* const place =
        ::mmap(nullptr, buffers_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (place == MAP_FAILED) return {errno, std::system_category()};
    buffers_ = static_cast<io_uring_buf_ring*>(place);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(place);
    registration.ring_entries = pieces;
    registration.bgid = group;
    const int result = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (result < 0) return result == -EINVAL ? kernel_too_old() : to_refusal(-result);
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

  io_uring_sqe& next_request() noexcept {
    for (;;) {
      if (auto* request = io_uring_get_sqe(&ring_)) return *request;
      // Full: the kernel takes them all, for each has its place by now.
      static_cast<void>(io_uring_submit(&ring_));
    }
  }

  std::size_t piece_;
  std::vector<char> memory_;
  Wakeup signal_;
  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  bool is_open_ = false;
};

}  // namespace

std::unique_ptr<CompletionRing> open_completion_ring(std::size_t piece, std::error_code& error) {
  auto ring = std::make_unique<UringCompletions>(piece);
  error = ring->open();
  if (error) return nullptr;
  return ring;
}

}  // namespace polymux
