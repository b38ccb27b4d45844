// TCP and UDP, on the loopback device.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "making.hpp"
#include "steps.hpp"

namespace probe {
namespace {

Descriptor open_socket(int type) {
  return taken(::socket(AF_INET, type, 0), "socket");
}

// On a port that nobody has.
Descriptor open_bound_socket(int type) {
  auto socket = open_socket(type);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  return socket;
}

Descriptor open_listener(int backlog) {
  auto listener = open_bound_socket(SOCK_STREAM);
  check(::listen(listener.get(), backlog), "listen");
  return listener;
}

Descriptor accept_one(int listener) {
  await(listener, POLLIN);
  return taken(::accept(listener, nullptr, nullptr), "accept");
}

void make_small(int socket) {
  constexpr int bytes = 4096;
  check(::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), "SO_SNDBUF");
  check(::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), "SO_RCVBUF");
}

Subject connect_pair(bool is_small) {
  auto listener = open_listener(1);
  Subject connecting(open_socket(SOCK_STREAM), std::move(listener));
  if (is_small) {
    make_small(connecting.near());
    make_small(connecting.far());
  }
  near_connects_to_far(connecting);
  auto far = accept_one(connecting.far());
  return Subject(taken(::dup(connecting.near()), "dup"), std::move(far));
}

Subject tcp_pair() {
  return connect_pair(false);
}
// Soon full.
Subject small_tcp_pair() {
  return connect_pair(true);
}

Subject unconnected_tcp() {
  return Subject(open_socket(SOCK_STREAM));
}

Subject tcp_before_listener() {
  return Subject(open_socket(SOCK_STREAM), open_listener(1));
}

// Bound, and deaf: nobody else can listen there.
Subject tcp_before_nobody() {
  return Subject(open_socket(SOCK_STREAM), open_bound_socket(SOCK_STREAM));
}

// A listener whose queue is full answers no more.
Subject tcp_before_full_listener() {
  Subject subject(open_socket(SOCK_STREAM), open_listener(0));
  constexpr int most = 8;
  for (int i = 0; i < most; ++i) {
    Subject other(open_socket(SOCK_STREAM), taken(::dup(subject.far()), "dup"));
    near_begins_to_connect(other);
    const int kept = subject.keep(taken(::dup(other.near()), "dup"));
    if (!await(kept, POLLOUT, std::chrono::milliseconds(20))) return subject;
  }
  throw SystemFailure("a queue of connections that is full", EISCONN);
}

void far_resets(Subject& subject) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  check(::setsockopt(subject.far(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "SO_LINGER");
  subject.close(subject.far());
  await(subject.near(), 0);
}

void far_writes_and_resets(Subject& subject) {
  far_writes(subject);
  far_resets(subject);
}

void far_resets_and_near_asks(Subject& subject) {
  far_resets(subject);
  int error = 0;
  socklen_t size = sizeof error;
  check(::getsockopt(subject.near(), SOL_SOCKET, SO_ERROR, &error, &size), "SO_ERROR");
}

constexpr Case tcp_cases[] = {
    {"never-connected", unconnected_tcp},
    {"connecting", tcp_before_full_listener, near_begins_to_connect},
    {"connected", tcp_before_listener, near_connects_to_far},
    {"refused", tcp_before_nobody, near_connects_to_far},
    {"idle", tcp_pair},
    {"data", tcp_pair, far_writes},
    {"urgent", tcp_pair, far_sends_urgent_byte},
    {"full", small_tcp_pair, near_fills_over_network},
    {"own-half-closed", tcp_pair, near_shuts_down_writing},
    {"own-read-closed", tcp_pair, near_shuts_down_reading},
    {"own-shut-down", tcp_pair, near_shuts_down},
    {"peer-half-closed", tcp_pair, far_shuts_down_writing},
    {"data-peer-half-closed", tcp_pair, far_writes_and_shuts_down},
    {"both-half-closed", tcp_pair, both_shut_down_writing},
    {"peer-closed", tcp_pair, far_closes},
    {"data-peer-closed", tcp_pair, far_writes_and_closes},
    {"reset", tcp_pair, far_resets},
    {"data-reset", tcp_pair, far_writes_and_resets},
    {"reset-fetched", tcp_pair, far_resets_and_near_asks},
    {"closed-number", tcp_pair, near_is_closed},
    {"dup-closed", tcp_pair, near_is_closed_with_duplicate},
    {"reused", tcp_pair, near_is_reused},
};

// The listener is asked about.
Subject tcp_listener() {
  return Subject(open_listener(1), open_socket(SOCK_STREAM));
}

void far_connects_to_near(Subject& subject) {
  Subject turned(taken(::dup(subject.far()), "dup"), taken(::dup(subject.near()), "dup"));
  near_connects_to_far(turned);
  await(subject.near(), POLLIN);
}

constexpr Case tcp_listener_cases[] = {
    {"idle", tcp_listener},
    {"backlog", tcp_listener, far_connects_to_near},
    {"own-shut-down", tcp_listener, near_shuts_down},
};

Subject unconnected_udp() {
  return Subject(open_socket(SOCK_DGRAM));
}

Subject udp_pair() {
  Subject subject(open_bound_socket(SOCK_DGRAM), open_bound_socket(SOCK_DGRAM));
  near_connects_to_far(subject);
  Subject turned(taken(::dup(subject.far()), "dup"), taken(::dup(subject.near()), "dup"));
  near_connects_to_far(turned);
  return subject;
}

// The system of the far side answers with an ICMP message.
void near_sends_to_nobody(Subject& subject) {
  subject.close(subject.far());
  if (::send(subject.near(), "x", 1, 0) != 1) throw SystemFailure("send");
  await(subject.near(), POLLIN);
}

constexpr Case udp_cases[] = {
    {"never-connected", unconnected_udp},
    {"idle", udp_pair},
    {"data", udp_pair, far_writes},
    {"empty-datagram", udp_pair, far_sends_nothing},
    {"refused", udp_pair, near_sends_to_nobody},
    {"own-half-closed", udp_pair, near_shuts_down_writing},
    {"own-read-closed", udp_pair, near_shuts_down_reading},
    {"own-shut-down", udp_pair, near_shuts_down},
};

}  // namespace

extern const Making tcp_making;
extern const Making tcp_listener_making;
extern const Making udp_making;
const Making tcp_making{tcp_cases};
const Making tcp_listener_making{tcp_listener_cases};
const Making udp_making{udp_cases};

}  // namespace probe
