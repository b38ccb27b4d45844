#include "tests/stress/clients.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <string>
#include <utility>

#include "tests/support/clocks.hpp"

namespace polymux::test {
namespace {

void change_mask(int how) {
  sigset_t alarms;
  // Macros on some systems, which take no name space before them.
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  ::pthread_sigmask(how, &alarms, nullptr);
}

std::string some_bytes(std::size_t count, std::uint32_t seed) {
  std::string bytes(count, '\0');
  std::mt19937 random(seed);
  std::generate(bytes.begin(), bytes.end(),
                [&] { return static_cast<char>('a' + static_cast<char>(random() % 26)); });
  return bytes;
}

std::string upper(std::string bytes) {
  std::transform(bytes.begin(), bytes.end(), bytes.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  return bytes;
}

}  // namespace

AlarmsBlocked::AlarmsBlocked() {
  change_mask(SIG_BLOCK);
}

AlarmsBlocked::~AlarmsBlocked() {
  change_mask(SIG_UNBLOCK);
}

Client::Client(const std::string& address) {
  const auto port = std::stoi(address.substr(address.rfind(':') + 1));
  Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bound());
  const timeval patience{.tv_sec = static_cast<time_t>(seconds.count()), .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0) {
    socket_ = std::move(socket);
  }
}

bool Client::send_all(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto count = ::write(socket_.get(), bytes.data() + sent, bytes.size() - sent);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

std::string Client::receive(std::size_t count) {
  std::string bytes;
  std::array<char, 4096> piece{};
  while (bytes.size() < count) {
    const auto got =
        ::read(socket_.get(), piece.data(), std::min(piece.size(), count - bytes.size()));
    if (got <= 0) break;
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  }
  return bytes;
}

bool Client::round_trip(std::size_t count, std::uint32_t seed) {
  const auto bytes = some_bytes(count, seed);
  return send_all(bytes) && receive(count) == upper(bytes);
}

bool Client::finish() {
  shut_down_writing(socket_);
  char more = 0;
  return ::read(socket_.get(), &more, 1) == 0;
}

bool visit(const std::string& address, std::uint32_t seed) {
  std::mt19937 random(seed);
  Client client(address);
  if (!client.is_connected()) return false;
  const auto manner = random() % 5;
  if (manner == 0) return true;
  const auto rounds = 1 + random() % 4;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    if (!client.round_trip(1 + random() % 3000, seed + round)) return false;
  }
  if (manner == 1) {
    client.reset();
    return true;
  }
  return client.finish();
}

}  // namespace polymux::test
