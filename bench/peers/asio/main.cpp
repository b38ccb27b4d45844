// Asio without Boost, as its documentation tells: a concurrency hint where one thread runs the
// context, reactor-style async_wait for descriptors, asio::post, and sessions with async_read_some
// and async_write for servers.

#include <array>
#include <asio.hpp>
#include <memory>
#include <string>
#include <utility>

#include "support/clients.hpp"
#include "support/descriptors.hpp"
#include "support/echo_server.hpp"
#include "workloads/loop_workloads.hpp"

namespace bench {
namespace {

struct AsioPeer {
  class Loop {
   public:
    explicit Loop(const std::string& variant)
        : context_(variant == "threads" ? ASIO_CONCURRENCY_HINT_SAFE : 1),
          work_(asio::make_work_guard(context_)) {}

    void run() { context_.run(); }
    void stop() noexcept { context_.stop(); }
    void turn() { context_.poll(); }
    void post(Task task) {
      asio::post(context_, [task] { task.call(task.argument); });
    }
    asio::io_context& get() noexcept { return context_; }

   private:
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
  };

  template <class Handler>
  class Reader {
   public:
    Reader(Loop& loop, Handler handler) : descriptor_(loop.get()), handler_(handler) {}

    void start(int fd) {
      descriptor_.assign(fd);
      wait();
    }
    void stop() { descriptor_.release(); }

   private:
    void wait() {
      descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [this](const std::error_code& error) {
                               if (error) return;
                               handler_();
                               wait();
                             });
    }

    asio::posix::stream_descriptor descriptor_;
    [[no_unique_address]] Handler handler_;
  };

  template <class Handler>
  class Timer {
   public:
    Timer(Loop& loop, Handler handler) : timer_(loop.get()), handler_(handler) {}

    void start_after(std::chrono::nanoseconds delay) {
      timer_.expires_after(delay);
      timer_.async_wait([this](const std::error_code& error) {
        if (!error) handler_();
      });
    }
    void stop() { timer_.cancel(); }

   private:
    asio::steady_timer timer_;
    [[no_unique_address]] Handler handler_;
  };
};

using asio::ip::tcp;

// The buffer is the session's own, as in the examples of the documentation.
class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(
        asio::buffer(bytes_),
        [this, self = shared_from_this()](const std::error_code& error, std::size_t size) {
          if (!error) write(size);
        });
  }

 private:
  void write(std::size_t size) {
    upper_case(bytes_.data(), size);
    asio::async_write(
        socket_, asio::buffer(bytes_.data(), size),
        [this, self = shared_from_this()](const std::error_code& error, std::size_t /*size*/) {
          if (!error) read();
        });
  }

  static constexpr std::size_t buffer_size = std::size_t{16} * 1024;
  tcp::socket socket_;
  std::array<char, buffer_size> bytes_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](const std::error_code& error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
    }
    accept(acceptor);
  });
}

void serve(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  AsioPeer::Loop loop(run.variant());
  const int fd = open_listener();
  tcp::acceptor acceptor(loop.get(), tcp::v4(), fd);
  accept(acceptor);
  start_clients(run, port_of(fd));
  loop.run();
}

}  // namespace

Peer this_peer() {
  const auto version = std::to_string(ASIO_VERSION / 100000) + "." +
                       std::to_string(ASIO_VERSION / 100 % 1000) + "." +
                       std::to_string(ASIO_VERSION % 100);
  const std::vector<std::string> one_thread{"one-thread"};
  Peer peer{.name = "asio", .version = version, .workloads = loop_workloads<AsioPeer>(one_thread)};
  for (auto& workload : peer.workloads) {
    if (workload.name == "post" || workload.name == "ping") workload.variants = {"threads"};
  }
  append(peer.workloads, server_workloads(one_thread, serve));
  return peer;
}

}  // namespace bench
