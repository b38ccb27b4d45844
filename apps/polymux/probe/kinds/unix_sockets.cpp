#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "making.hpp"
#include "steps.hpp"

namespace probe {
namespace {

template <int type>
Subject pair() {
  int ends[2] = {-1, -1};
  check(::socketpair(AF_UNIX, type, 0, ends), "socketpair");
  Descriptor near(ends[0]);
  Descriptor far(ends[1]);
  make_non_blocking(near.get());
  make_non_blocking(far.get());
  return Subject(std::move(near), std::move(far));
}

template <int type>
Subject unconnected() {
  return Subject(taken(::socket(AF_UNIX, type, 0), "socket"));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw SystemFailure("bind " + path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

// Asked about; the far end is a socket that may connect.
Subject listener() {
  auto folder = std::make_unique<TemporaryFolder>();
  const auto address = address_of(folder->file());
  auto socket = taken(::socket(AF_UNIX, SOCK_STREAM, 0), "socket");
  check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  check(::listen(socket.get(), 1), "listen");
  Subject subject(std::move(socket), taken(::socket(AF_UNIX, SOCK_STREAM, 0), "socket"));
  subject.set_path(folder->file());
  keep_folder(subject, std::move(folder));
  return subject;
}

void far_connects(Subject& subject) {
  const auto address = address_of(subject.path());
  check(::connect(subject.far(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        "connect");
  await(subject.near(), POLLIN);
}

// What the peer has not read when it closes is a reset to the sender on some systems.
void far_closes_without_reading(Subject& subject) {
  if (::write(subject.near(), "x", 1) != 1) throw SystemFailure("write");
  await(subject.far(), POLLIN);
  far_closes(subject);
}

// A datagram socket need not be told of either, and is at once if it is.
void far_closes_unannounced(Subject& subject) {
  subject.close(subject.far());
}

void far_shuts_down_unannounced(Subject& subject) {
  check(::shutdown(subject.far(), SHUT_WR), "shutdown");
}

constexpr Case stream_cases[] = {
    {"never-connected", unconnected<SOCK_STREAM>},
    {"idle", pair<SOCK_STREAM>},
    {"data", pair<SOCK_STREAM>, far_writes},
    {"urgent", pair<SOCK_STREAM>, far_sends_urgent_byte},
    {"full", pair<SOCK_STREAM>, near_fills},
    {"own-half-closed", pair<SOCK_STREAM>, near_shuts_down_writing},
    {"own-read-closed", pair<SOCK_STREAM>, near_shuts_down_reading},
    {"own-shut-down", pair<SOCK_STREAM>, near_shuts_down},
    {"peer-half-closed", pair<SOCK_STREAM>, far_shuts_down_writing},
    {"data-peer-half-closed", pair<SOCK_STREAM>, far_writes_and_shuts_down},
    {"both-half-closed", pair<SOCK_STREAM>, both_shut_down_writing},
    {"peer-closed", pair<SOCK_STREAM>, far_closes},
    {"data-peer-closed", pair<SOCK_STREAM>, far_writes_and_closes},
    {"reset", pair<SOCK_STREAM>, far_closes_without_reading},
    {"closed-number", pair<SOCK_STREAM>, near_is_closed},
    {"dup-closed", pair<SOCK_STREAM>, near_is_closed_with_duplicate},
    {"reused", pair<SOCK_STREAM>, near_is_reused},
};

constexpr Case seqpacket_cases[] = {
    {"never-connected", unconnected<SOCK_SEQPACKET>},
    {"idle", pair<SOCK_SEQPACKET>},
    {"data", pair<SOCK_SEQPACKET>, far_writes},
    {"full", pair<SOCK_SEQPACKET>, near_fills},
    {"peer-half-closed", pair<SOCK_SEQPACKET>, far_shuts_down_writing},
    {"both-half-closed", pair<SOCK_SEQPACKET>, both_shut_down_writing},
    {"peer-closed", pair<SOCK_SEQPACKET>, far_closes},
    {"data-peer-closed", pair<SOCK_SEQPACKET>, far_writes_and_closes},
};

constexpr Case dgram_cases[] = {
    {"never-connected", unconnected<SOCK_DGRAM>},
    {"idle", pair<SOCK_DGRAM>},
    {"data", pair<SOCK_DGRAM>, far_writes},
    {"empty-datagram", pair<SOCK_DGRAM>, far_sends_nothing},
    {"full", pair<SOCK_DGRAM>, near_fills},
    {"own-shut-down", pair<SOCK_DGRAM>, near_shuts_down},
    {"peer-half-closed", pair<SOCK_DGRAM>, far_shuts_down_unannounced},
    {"peer-closed", pair<SOCK_DGRAM>, far_closes_unannounced},
};

constexpr Case listener_cases[] = {
    {"idle", listener},
    {"backlog", listener, far_connects},
    {"own-shut-down", listener, near_shuts_down},
};

}  // namespace

extern const Making unix_stream_making;
extern const Making unix_seqpacket_making;
extern const Making unix_dgram_making;
extern const Making unix_listener_making;
const Making unix_stream_making{stream_cases};
const Making unix_seqpacket_making{seqpacket_cases};
const Making unix_dgram_making{dgram_cases};
const Making unix_listener_making{listener_cases};

}  // namespace probe
