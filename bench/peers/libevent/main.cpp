// libevent, as its book tells: event_assign into the program's own memory for those who count every
// allocation, evthread_use_pthreads and event_active to wake a loop from another thread, and for
// servers either events and one's own reads, or bufferevents.

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "support/clients.hpp"
#include "support/descriptors.hpp"
#include "support/echo_server.hpp"
#include "workloads/loop_workloads.hpp"

namespace bench {
namespace {

timeval to_timeval(std::chrono::nanoseconds time) {
  const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(time).count();
  return {.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
}

// Of all events, for the same reason as in the program for libev.
event_base* the_base = nullptr;

struct LibeventPeer {
  class Loop {
   public:
    explicit Loop(const std::string& variant) {
      // Locks cost; only who has threads asks for them.
      if (variant == "threads") require(evthread_use_pthreads() == 0, "evthread_use_pthreads");
      base_ = event_base_new();
      require(base_ != nullptr, "event_base_new");
      the_base = base_;
      event_assign(
          &wake_, base_, -1, EV_PERSIST,
          [](evutil_socket_t, short, void* mailbox) { static_cast<Mailbox*>(mailbox)->run_all(); },
          &mailbox_);
      // A base without events ends, so the one to be woken by is pending for ever.
      const timeval for_ever{.tv_sec = 1'000'000, .tv_usec = 0};
      event_add(&wake_, &for_ever);
    }

    void run() { event_base_dispatch(base_); }
    void stop() noexcept { event_base_loopbreak(base_); }
    void turn() { event_base_loop(base_, EVLOOP_NONBLOCK); }
    void post(Task task) {
      if (mailbox_.put(task)) event_active(&wake_, EV_READ, 0);
    }
    [[nodiscard]] event_base* get() const noexcept { return base_; }

   private:
    event_base* base_ = nullptr;
    event wake_{};
    Mailbox mailbox_;
  };

  template <class Handler>
  class Reader {
   public:
    Reader(Loop& /*loop*/, Handler handler) : handler_(handler) {}

    void start(int fd) { watch(fd, EV_READ | EV_PERSIST); }
    void stop() { event_del(&event_); }
    // "To make an event non-pending and change what it waits for": event_del, event_assign,
    // event_add.
    void ask_to_write(bool does_ask) {
      const int fd = event_get_fd(&event_);
      event_del(&event_);
      watch(fd, static_cast<short>(EV_READ | EV_PERSIST | (does_ask ? EV_WRITE : 0)));
    }

   private:
    void watch(int fd, short events) {
      event_assign(
          &event_, the_base, fd, events,
          [](evutil_socket_t, short, void* self) { static_cast<Reader*>(self)->handler_(); }, this);
      event_add(&event_, nullptr);
    }

    event event_{};
    [[no_unique_address]] Handler handler_;
  };

  template <class Handler>
  class Timer {
   public:
    Timer(Loop& /*loop*/, Handler handler) : handler_(handler) {
      evtimer_assign(
          &event_, the_base,
          [](evutil_socket_t, short, void* self) { static_cast<Timer*>(self)->handler_(); }, this);
    }

    void start_after(std::chrono::nanoseconds delay) {
      const auto time = to_timeval(delay);
      evtimer_add(&event_, &time);
    }
    void stop() { evtimer_del(&event_); }

   private:
    event event_{};
    [[no_unique_address]] Handler handler_;
  };
};

struct Client {
  event io{};
  EchoState echo;
};

void on_client(evutil_socket_t fd, short /*events*/, void* argument) {
  auto* const client = static_cast<Client*>(argument);
  const auto wanted = client->echo.serve(fd);
  if (wanted == EchoState::Wants::nothing) {
    event_del(&client->io);
    ::close(fd);
    delete client;
    return;
  }
  const short events = wanted == EchoState::Wants::read ? EV_READ : EV_WRITE;
  if ((event_get_events(&client->io) & (EV_READ | EV_WRITE)) == events) return;
  event_del(&client->io);
  event_assign(&client->io, the_base, fd, static_cast<short>(events | EV_PERSIST), on_client,
               client);
  event_add(&client->io, nullptr);
}

void on_accepted(evconnlistener* /*listener*/, evutil_socket_t fd, sockaddr* /*address*/,
                 int /*size*/, void* /*argument*/) {
  auto client = std::make_unique<Client>();
  event_assign(&client->io, the_base, fd, EV_READ | EV_PERSIST, on_client, client.get());
  event_add(&client.release()->io, nullptr);
}

// The input is made contiguous, transformed in place, and handed over without a copy.
void on_input(bufferevent* connection, void* /*argument*/) {
  auto* const input = bufferevent_get_input(connection);
  const auto size = evbuffer_get_length(input);
  upper_case(reinterpret_cast<char*>(evbuffer_pullup(input, -1)), size);
  bufferevent_write_buffer(connection, input);
}

void on_event(bufferevent* connection, short events, void* /*argument*/) {
  if ((events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0) bufferevent_free(connection);
}

void on_accepted_buffered(evconnlistener* /*listener*/, evutil_socket_t fd, sockaddr* /*address*/,
                          int /*size*/, void* /*argument*/) {
  auto* const connection = bufferevent_socket_new(the_base, fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(connection, on_input, nullptr, on_event, nullptr);
  bufferevent_enable(connection, EV_READ | EV_WRITE);
}

void serve(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  const LibeventPeer::Loop loop(run.variant());
  const int fd = open_listener();
  const bool is_buffered = run.variant() == "bufferevents";
  auto* const listener = evconnlistener_new(
      loop.get(), is_buffered ? on_accepted_buffered : on_accepted, nullptr, 0, 0, fd);
  require(listener != nullptr, "evconnlistener_new");
  start_clients(run, port_of(fd));
  event_base_dispatch(loop.get());
}

}  // namespace

Peer this_peer() {
  const std::vector<std::string> events{"events"};
  Peer peer{.name = "libevent", .version = event_get_version(), .workloads = {}};
  peer.workloads = loop_workloads<LibeventPeer>(events);
  for (auto& workload : peer.workloads) {
    if (workload.name == "post" || workload.name == "ping") workload.variants = {"threads"};
  }
  append(peer.workloads, interest_workloads<LibeventPeer>(events));
  append(peer.workloads, server_workloads({"events", "bufferevents"}, serve));
  return peer;
}

}  // namespace bench
