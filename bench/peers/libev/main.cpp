// libev, as ev(3) tells: watchers in the program's own memory, ev_async and a queue to wake a loop
// from another thread, several loops made by ev_loop_new.

#include <errno.h>
#include <ev.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "support/clients.hpp"
#include "support/echo_server.hpp"
#include "workloads/loop_workloads.hpp"

namespace bench {
namespace {

// Of all watchers, which so need not keep it: ev(3) gives it to each callback.
struct ev_loop* the_loop = nullptr;

struct LibevPeer {
  class Loop {
   public:
    explicit Loop(const std::string& /*variant*/) : loop_(ev_loop_new(EVFLAG_AUTO)) {
      require(loop_ != nullptr, "ev_loop_new");
      ev_async_init(&wake_, [](struct ev_loop*, ev_async* wake, int) {
        static_cast<Mailbox*>(wake->data)->run_all();
      });
      wake_.data = &mailbox_;
      ev_async_start(loop_, &wake_);
      the_loop = loop_;
    }

    void run() { ev_run(loop_, 0); }
    void stop() noexcept { ev_break(loop_, EVBREAK_ALL); }
    void turn() { ev_run(loop_, EVRUN_NOWAIT); }
    void post(Task task) {
      if (mailbox_.put(task)) ev_async_send(loop_, &wake_);
    }
    [[nodiscard]] struct ev_loop* get() const noexcept { return loop_; }

   private:
    struct ev_loop* loop_;
    ev_async wake_{};
    Mailbox mailbox_;
  };

  template <class Handler>
  class Reader {
   public:
    Reader(Loop& /*loop*/, Handler handler) : handler_(handler) {
      ev_init(&io_,
              [](struct ev_loop*, ev_io* io, int) { static_cast<Reader*>(io->data)->handler_(); });
      io_.data = this;
    }

    void start(int fd) {
      ev_io_set(&io_, fd, EV_READ);
      ev_io_start(the_loop, &io_);
    }
    void stop() { ev_io_stop(the_loop, &io_); }
    // "You may modify its events only while it is not active": ev(3), ev_io_modify.
    void ask_to_write(bool does_ask) {
      ev_io_stop(the_loop, &io_);
      ev_io_modify(&io_, does_ask ? EV_READ | EV_WRITE : EV_READ);
      ev_io_start(the_loop, &io_);
    }

   private:
    ev_io io_{};
    [[no_unique_address]] Handler handler_;
  };

  template <class Handler>
  class Timer {
   public:
    Timer(Loop& /*loop*/, Handler handler) : handler_(handler) {
      ev_init(&timer_, [](struct ev_loop*, ev_timer* timer, int) {
        static_cast<Timer*>(timer->data)->handler_();
      });
      timer_.data = this;
    }

    void start_after(std::chrono::nanoseconds delay) {
      ev_timer_set(&timer_, std::chrono::duration<double>(delay).count(), 0.0);
      ev_timer_start(the_loop, &timer_);
    }
    void stop() { ev_timer_stop(the_loop, &timer_); }

   private:
    ev_timer timer_{};
    [[no_unique_address]] Handler handler_;
  };
};

struct Client {
  ev_io io{};
  EchoState echo;
};

void drop(struct ev_loop* loop, Client* client) {
  ev_io_stop(loop, &client->io);
  ::close(client->io.fd);
  delete client;
}

void on_client(struct ev_loop* loop, ev_io* io, int /*events*/) {
  auto* const client = static_cast<Client*>(io->data);
  const auto wanted = client->echo.serve(io->fd);
  if (wanted == EchoState::Wants::nothing) return drop(loop, client);
  const int events = wanted == EchoState::Wants::read ? EV_READ : EV_WRITE;
  if ((io->events & (EV_READ | EV_WRITE)) == events) return;
  ev_io_stop(loop, io);
  ev_io_modify(io, events);
  ev_io_start(loop, io);
}

void on_listener(struct ev_loop* loop, ev_io* io, int /*events*/) {
  for (int fd = accept_client(io->fd); fd >= 0; fd = accept_client(io->fd)) {
    auto client = std::make_unique<Client>();
    ev_io_init(&client->io, on_client, fd, EV_READ);
    client->io.data = client.get();
    ev_io_start(loop, &client.release()->io);
  }
}

void serve(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  const LibevPeer::Loop loop(run.variant());
  const int listener = open_listener();
  ev_io accepting{};
  ev_io_init(&accepting, on_listener, listener, EV_READ);
  ev_io_start(loop.get(), &accepting);
  start_clients(run, port_of(listener));
  ev_run(loop.get(), 0);
}

}  // namespace

Peer this_peer() {
  Peer peer{
      .name = "libev",
      .version = std::to_string(ev_version_major()) + "." + std::to_string(ev_version_minor()),
      .workloads = loop_workloads<LibevPeer>({"watchers"})};
  append(peer.workloads, interest_workloads<LibevPeer>({"watchers"}));
  append(peer.workloads, server_workloads({"watchers"}, serve));
  return peer;
}

}  // namespace bench
