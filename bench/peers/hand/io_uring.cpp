// The completion way, as io_uring(7) and liburing's examples have it: one submission carries all
// that was prepared and waits; accept and receive are asked for once and complete many times.

#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "hand/methods.hpp"
#include "support/clients.hpp"
#include "support/descriptors.hpp"
#include "support/upper_case.hpp"
#include "workloads/chain.hpp"

namespace bench::hand {
namespace {

class Ring {
 public:
  explicit Ring(unsigned entries) {
    io_uring_params parameters{};
    // One thread submits and waits, and completions are made when it does (io_uring_setup(2)).
    parameters.flags =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    parameters.cq_entries = 4 * entries;
    const int error = ::io_uring_queue_init_params(entries, &ring_, &parameters);
    errno = -error;
    require(error == 0, "io_uring_queue_init_params");
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { ::io_uring_queue_exit(&ring_); }

  // A place for a request; what was prepared so far is submitted if there is none.
  io_uring_sqe* prepare() {
    auto* place = ::io_uring_get_sqe(&ring_);
    while (place == nullptr) {
      ::io_uring_submit(&ring_);
      place = ::io_uring_get_sqe(&ring_);
    }
    return place;
  }

  // Submits all, waits for one completion at least, and gives each to `visit`.
  template <class Visit>
  void turn(Visit visit) {
    const int result = ::io_uring_submit_and_wait(&ring_, 1);
    if (result < 0 && result != -EINTR) {
      errno = -result;
      give_up("io_uring_submit_and_wait");
    }
    io_uring_cqe* completions[256];
    unsigned count = 0;
    while ((count = ::io_uring_peek_batch_cqe(&ring_, completions, std::size(completions))) > 0) {
      for (unsigned at = 0; at < count; ++at) visit(*completions[at]);
      ::io_uring_cq_advance(&ring_, count);
    }
  }

  io_uring* get() noexcept { return &ring_; }

 private:
  io_uring ring_{};
};

// The tokens themselves are read and written by system calls: an eventfd that io_uring reads or
// writes goes to a worker thread, which costs many times as much.
void work_chain(Run& run) {
  Chain chain(run);
  Ring ring(1024);
  const auto watch = [&](std::size_t index) {
    auto* const request = ring.prepare();
    ::io_uring_prep_poll_multishot(request, chain.links[index].here, POLLIN);
    ::io_uring_sqe_set_data64(request, index);
  };
  for (std::size_t index = 0; index < chain.links.size(); ++index) watch(index);
  ::io_uring_submit(ring.get());
  chain.put_tokens();

  run.begin();
  while (true) {
    ring.turn([&](const io_uring_cqe& completion) {
      require(completion.res > 0, "a descriptor cannot be polled");
      const auto index = static_cast<std::size_t>(completion.user_data);
      if ((completion.flags & IORING_CQE_F_MORE) == 0) watch(index);
      if (chain.pass_on(chain.links[index])) run.finish(run["events"]);
    });
  }
}

// Buffers that the kernel takes one of when bytes have come, shared by all connections.
class ProvidedBuffers {
 public:
  static constexpr unsigned count = 512;
  static constexpr std::size_t size = std::size_t{16} * 1024;
  static constexpr int group = 1;

  explicit ProvidedBuffers(Ring& ring) : bytes_(count * size) {
    void* memory = nullptr;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    require(::posix_memalign(&memory, page, count * sizeof(io_uring_buf)) == 0, "posix_memalign");
    buffers_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffers_);
    registration.ring_entries = count;
    registration.bgid = group;
    const int error = ::io_uring_register_buf_ring(ring.get(), &registration, 0);
    errno = -error;
    require(error == 0, "io_uring_register_buf_ring");
    ::io_uring_buf_ring_init(buffers_);
    for (unsigned number = 0; number < count; ++number)
      give_back(static_cast<unsigned short>(number));
  }

  char* operator[](unsigned short number) noexcept { return &bytes_[number * size]; }
  void give_back(unsigned short number) noexcept {
    ::io_uring_buf_ring_add(buffers_, (*this)[number], size, number,
                            ::io_uring_buf_ring_mask(count), 0);
    ::io_uring_buf_ring_advance(buffers_, 1);
  }

 private:
  std::vector<char> bytes_;
  io_uring_buf_ring* buffers_ = nullptr;
};

struct Answer {
  unsigned short buffer;
  std::uint32_t size;
  std::uint32_t sent;
};

struct Client {
  int fd = -1;
  bool is_receiving = false;
  bool is_sending = false;
  bool is_closing = false;
  Answer answer{};
  // Those after the one that is on its way; few clients ever have one.
  std::unique_ptr<std::deque<Answer>> waiting;
};

// What a completion is of: the address of its client, and a bit for which of its two requests.
enum Kind : std::uint64_t { receives = 0, sends = 1 };

class Server {
 public:
  explicit Server(int listener) : listener_(listener) { accept(); }

  void turn() {
    ring_.turn([this](const io_uring_cqe& completion) {
      if (completion.user_data == 0) return accepted(completion);
      auto* const client = reinterpret_cast<Client*>(completion.user_data & ~std::uint64_t{1});
      if ((completion.user_data & sends) != 0) {
        sent(client, completion.res);
      } else {
        received(client, completion);
      }
      if (client->is_closing && !client->is_receiving && !client->is_sending) drop(client);
    });
    // Those for whom there was no buffer: some have been given back since.
    for (auto* const client : std::exchange(starved_, {})) receive(client);
  }

 private:
  void accept() {
    auto* const request = ring_.prepare();
    ::io_uring_prep_multishot_accept(request, listener_, nullptr, nullptr, SOCK_CLOEXEC);
    ::io_uring_sqe_set_data64(request, 0);
  }

  void accepted(const io_uring_cqe& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) accept();
    if (completion.res < 0) return;
    const int on = 1;
    ::setsockopt(completion.res, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto* const client = new Client{.fd = completion.res, .answer = {}, .waiting = {}};
    receive(client);
  }

  void receive(Client* client) {
    auto* const request = ring_.prepare();
    ::io_uring_prep_recv_multishot(request, client->fd, nullptr, 0, 0);
    ::io_uring_sqe_set_flags(request, IOSQE_BUFFER_SELECT);
    request->buf_group = ProvidedBuffers::group;
    ::io_uring_sqe_set_data64(request, reinterpret_cast<std::uint64_t>(client) | receives);
    client->is_receiving = true;
  }

  void received(Client* client, const io_uring_cqe& completion) {
    if ((completion.flags & IORING_CQE_F_MORE) == 0) client->is_receiving = false;
    if (completion.res == -ENOBUFS) return starved_.push_back(client);
    if (completion.res <= 0) {
      client->is_closing = true;
      return;
    }
    const auto buffer = static_cast<unsigned short>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    const auto size = static_cast<std::uint32_t>(completion.res);
    upper_case(buffers_[buffer], size);
    const Answer answer{.buffer = buffer, .size = size, .sent = 0};
    if (client->is_sending) {
      if (!client->waiting) client->waiting = std::make_unique<std::deque<Answer>>();
      client->waiting->push_back(answer);
    } else {
      send(client, answer);
    }
    if (!client->is_receiving) receive(client);
  }

  void send(Client* client, const Answer& answer) {
    client->answer = answer;
    client->is_sending = true;
    auto* const request = ring_.prepare();
    ::io_uring_prep_send(request, client->fd, buffers_[answer.buffer] + answer.sent,
                         answer.size - answer.sent, MSG_NOSIGNAL | MSG_WAITALL);
    ::io_uring_sqe_set_data64(request, reinterpret_cast<std::uint64_t>(client) | sends);
  }

  void sent(Client* client, int result) {
    client->is_sending = false;
    auto answer = client->answer;
    if (result > 0) answer.sent += static_cast<std::uint32_t>(result);
    if (result > 0 && answer.sent < answer.size) return send(client, answer);
    buffers_.give_back(answer.buffer);
    if (result <= 0) client->is_closing = true;
    if (!client->waiting || client->waiting->empty()) return;
    answer = client->waiting->front();
    client->waiting->pop_front();
    if (!client->is_closing) return send(client, answer);
    buffers_.give_back(answer.buffer);
  }

  void drop(Client* client) {
    if (client->waiting) {
      for (const auto& answer : *client->waiting) buffers_.give_back(answer.buffer);
    }
    std::erase(starved_, client);
    ::close(client->fd);
    delete client;
  }

  int listener_;
  Ring ring_{4096};
  ProvidedBuffers buffers_{ring_};
  std::vector<Client*> starved_;
};

void work_serve(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  const int listener = open_listener();
  Server server(listener);
  start_clients(run, port_of(listener));
  while (true) server.turn();
}

}  // namespace

void (*const chain_io_uring)(Run& run) = work_chain;
void (*const serve_io_uring)(Run& run) = work_serve;

// Containers and sysctls forbid it often.
bool has_io_uring() {
  io_uring ring{};
  if (::io_uring_queue_init(2, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) !=
      0) {
    return false;
  }
  ::io_uring_queue_exit(&ring);
  return true;
}

}  // namespace bench::hand
