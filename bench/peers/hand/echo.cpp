#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "hand/methods.hpp"
#include "hand/select_bits.hpp"
#include "support/clients.hpp"
#include "support/descriptors.hpp"
#include "support/echo_server.hpp"

namespace bench::hand {
namespace {

using Wants = EchoState::Wants;

struct Client {
  int fd = -1;
  Wants wants = Wants::read;
  EchoState echo;
};

int open_server(Run& run) {
  allow_descriptors(run["busy"] + run["idle"]);
  const int listener = open_listener();
  start_clients(run, port_of(listener));
  return listener;
}

void control(int queue, int operation, int fd, std::uint32_t events, void* owner) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  require(::epoll_ctl(queue, operation, fd, &event) == 0, "epoll_ctl");
}

void on_client(int queue, Client* client) {
  const auto wanted = client->echo.serve(client->fd);
  if (wanted == client->wants) return;
  if (wanted == Wants::nothing) {
    ::close(client->fd);
    delete client;
    return;
  }
  client->wants = wanted;
  control(queue, EPOLL_CTL_MOD, client->fd, wanted == Wants::read ? EPOLLIN : EPOLLOUT, client);
}

}  // namespace

void serve_epoll(Run& run) {
  const int listener = open_server(run);
  const int queue = ::epoll_create1(EPOLL_CLOEXEC);
  control(queue, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  epoll_event events[256];
  while (true) {
    const int count = ::epoll_wait(queue, events, static_cast<int>(std::size(events)), -1);
    for (int at = 0; at < count; ++at) {
      if (auto* const client = static_cast<Client*>(events[at].data.ptr)) {
        on_client(queue, client);
        continue;
      }
      for (int fd = accept_client(listener); fd >= 0; fd = accept_client(listener)) {
        auto client = std::make_unique<Client>();
        client->fd = fd;
        control(queue, EPOLL_CTL_ADD, fd, EPOLLIN, client.release());
      }
    }
  }
}

void serve_poll(Run& run) {
  std::vector<pollfd> entries{{.fd = open_server(run), .events = POLLIN, .revents = 0}};
  std::vector<EchoState> states(1);
  while (true) {
    int left = ::poll(entries.data(), entries.size(), -1);
    if (left > 0 && entries.front().revents != 0) --left;
    for (std::size_t at = 1; left > 0; ++at) {
      auto& entry = entries[at];
      if (entry.revents == 0) continue;
      --left;
      const auto wanted = states[at].serve(entry.fd);
      if (wanted != Wants::nothing) {
        entry.events = wanted == Wants::read ? POLLIN : POLLOUT;
        continue;
      }
      ::close(entry.fd);
      // The last one takes its place, and is looked at in its turn.
      entry = entries.back();
      states[at] = std::move(states.back());
      entries.pop_back();
      states.pop_back();
      --at;
    }
    if (entries.front().revents == 0) continue;
    const int listener = entries.front().fd;
    for (int fd = accept_client(listener); fd >= 0; fd = accept_client(listener)) {
      entries.push_back({.fd = fd, .events = POLLIN, .revents = 0});
      states.emplace_back();
    }
  }
}

void serve_select(Run& run) {
  const int listener = open_server(run);
  std::vector<EchoState> states;
  SelectBits readers;
  SelectBits writers;
  readers.add(listener);
  writers.add(listener);
  writers.remove(listener);
  auto ready_readers = readers;
  auto ready_writers = writers;
  const auto serve_one = [&](int fd) {
    const auto wanted = states[static_cast<std::size_t>(fd)].serve(fd);
    if (wanted != Wants::read) readers.remove(fd);
    if (wanted != Wants::write) writers.remove(fd);
    if (wanted == Wants::read) readers.add(fd);
    if (wanted == Wants::write) writers.add(fd);
    if (wanted != Wants::nothing) return;
    states[static_cast<std::size_t>(fd)] = {};
    ::close(fd);
  };
  while (true) {
    ready_readers = readers;
    ready_writers = writers;
    const int limit = std::max(readers.limit(), writers.limit());
    if (::select(limit, ready_readers.get(), ready_writers.get(), nullptr, nullptr) <= 0) continue;
    ready_writers.for_each(serve_one);
    bool has_clients = false;
    ready_readers.for_each([&](int fd) {
      if (fd == listener) {
        has_clients = true;
      } else {
        serve_one(fd);
      }
    });
    if (!has_clients) continue;
    for (int fd = accept_client(listener); fd >= 0; fd = accept_client(listener)) {
      if (static_cast<std::size_t>(fd) >= states.size()) states.resize(2 * std::size_t(fd) + 1);
      readers.add(fd);
      // So that both sets are as long.
      writers.add(fd);
      writers.remove(fd);
    }
  }
}

}  // namespace bench::hand
