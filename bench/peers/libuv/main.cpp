// libuv, as its guide tells: uv_poll_t for descriptors that are not its own, uv_async_t and a queue
// to wake a loop from another thread, uv_tcp_t for servers, with uv_try_write before uv_write so
// that an answer that fits costs no request.

#include <uv.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "support/clients.hpp"
#include "support/descriptors.hpp"
#include "support/echo_server.hpp"
#include "workloads/loop_workloads.hpp"

namespace bench {
namespace {

void check(int status, const char* what) {
  if (status < 0) give_up(std::string(what) + ": " + uv_strerror(status));
}

struct LibuvPeer {
  class Loop {
   public:
    explicit Loop(const std::string& /*variant*/) {
      check(uv_loop_init(&loop_), "uv_loop_init");
      check(uv_async_init(&loop_, &wake_,
                          [](uv_async_t* wake) { static_cast<Mailbox*>(wake->data)->run_all(); }),
            "uv_async_init");
      wake_.data = &mailbox_;
    }

    void run() { uv_run(&loop_, UV_RUN_DEFAULT); }
    void stop() noexcept { uv_stop(&loop_); }
    void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }
    void post(Task task) {
      if (mailbox_.put(task)) uv_async_send(&wake_);
    }
    [[nodiscard]] uv_loop_t* get() noexcept { return &loop_; }

   private:
    uv_loop_t loop_{};
    uv_async_t wake_{};
    Mailbox mailbox_;
  };

  // A handle belongs to one descriptor for its life; one that is closed is given back only in a
  // later turn. So a reader that starts again makes a handle anew, in the same place if it can.
  template <class Handler>
  class Reader {
   public:
    Reader(Loop& loop, Handler handler) : handler_(handler) { poll_.loop = loop.get(); }

    void start(int fd) {
      check(uv_poll_init(poll_.loop, &poll_, fd), "uv_poll_init");
      poll_.data = this;
      watch(UV_READABLE);
    }
    void stop() { uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr); }
    void ask_to_write(bool does_ask) { watch(does_ask ? UV_READABLE | UV_WRITABLE : UV_READABLE); }

   private:
    void watch(int events) {
      uv_poll_start(&poll_, events, [](uv_poll_t* poll, int, int) {
        static_cast<Reader*>(poll->data)->handler_();
      });
    }

    uv_poll_t poll_{};
    [[no_unique_address]] Handler handler_;
  };

  template <class Handler>
  class Timer {
   public:
    Timer(Loop& loop, Handler handler) : handler_(handler) {
      uv_timer_init(loop.get(), &timer_);
      timer_.data = this;
    }

    void start_after(std::chrono::nanoseconds delay) {
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(delay).count();
      uv_timer_start(
          &timer_, [](uv_timer_t* timer) { static_cast<Timer*>(timer->data)->handler_(); },
          static_cast<std::uint64_t>(milliseconds), 0);
    }
    void stop() { uv_timer_stop(&timer_); }

   private:
    uv_timer_t timer_{};
    [[no_unique_address]] Handler handler_;
  };
};

// What a client did not take at once.
struct Rest {
  uv_write_t request{};
  std::unique_ptr<char[]> bytes;
};

uv_stream_t* stream_of(uv_tcp_t* tcp) {
  return reinterpret_cast<uv_stream_t*>(tcp);
}

void drop(uv_stream_t* client) {
  uv_close(reinterpret_cast<uv_handle_t*>(client),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); });
}

void give_scratch(uv_handle_t* /*handle*/, std::size_t /*suggested*/, uv_buf_t* buffer) {
  *buffer = uv_buf_init(scratch(), scratch_size);
}

void on_input(uv_stream_t* client, ssize_t count, const uv_buf_t* buffer);

void send_rest(uv_stream_t* client, const char* bytes, std::size_t size) {
  auto rest = std::make_unique<Rest>();
  rest->bytes = std::make_unique<char[]>(size);
  std::copy(bytes, bytes + size, rest->bytes.get());
  uv_read_stop(client);
  const auto buffer = uv_buf_init(rest->bytes.get(), static_cast<unsigned>(size));
  rest->request.data = rest.get();
  uv_write(&rest.release()->request, client, &buffer, 1, [](uv_write_t* request, int status) {
    const std::unique_ptr<Rest> done(static_cast<Rest*>(request->data));
    if (status == 0) uv_read_start(request->handle, give_scratch, on_input);
  });
}

void on_input(uv_stream_t* client, ssize_t count, const uv_buf_t* buffer) {
  if (count < 0) return drop(client);
  if (count == 0) return;
  const auto size = static_cast<std::size_t>(count);
  upper_case(buffer->base, size);
  const auto answer = uv_buf_init(buffer->base, static_cast<unsigned>(size));
  const int written = uv_try_write(client, &answer, 1);
  if (written < 0 && written != UV_EAGAIN) return drop(client);
  const auto sent = static_cast<std::size_t>(std::max(written, 0));
  if (sent < size) send_rest(client, buffer->base + sent, size - sent);
}

void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto client = std::make_unique<uv_tcp_t>();
  uv_tcp_init(listener->loop, client.get());
  auto* const stream = stream_of(client.release());
  if (uv_accept(listener, stream) != 0) return drop(stream);
  uv_tcp_nodelay(reinterpret_cast<uv_tcp_t*>(stream), 1);
  uv_read_start(stream, give_scratch, on_input);
}

void serve(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  LibuvPeer::Loop loop(run.variant());
  const int fd = open_listener();
  uv_tcp_t listener{};
  check(uv_tcp_init(loop.get(), &listener), "uv_tcp_init");
  check(uv_tcp_open(&listener, fd), "uv_tcp_open");
  check(uv_listen(stream_of(&listener), SOMAXCONN, on_connection), "uv_listen");
  start_clients(run, port_of(fd));
  uv_run(loop.get(), UV_RUN_DEFAULT);
}

}  // namespace

Peer this_peer() {
  const std::vector<std::string> handles{"handles"};
  Peer peer{.name = "libuv",
            .version = uv_version_string(),
            .workloads = loop_workloads<LibuvPeer>(handles)};
  append(peer.workloads, interest_workloads<LibuvPeer>(handles));
  append(peer.workloads, server_workloads(handles, serve));
  return peer;
}

}  // namespace bench
