// A TCP proxy, by coroutines: what comes from one side goes to the other, in both directions.
//
//     proxy PORT TARGET_PORT        both on 127.0.0.1

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <list>
#include <polymux/polymux.hpp>
#include <string>
#include <string_view>

#include "listening.hpp"

namespace {

using namespace std::chrono_literals;
using polymux::AwaitableFd;
using polymux::EventLoop;
using polymux::Spawned;
using polymux::Task;

bool may_go_on() {
  return errno == EAGAIN || errno == EINTR;
}

// Nothing is received meanwhile: that is the back-pressure. Who sends too fast fills the sockets on
// the way, and then has to wait for who receives.
Task<bool> send_all(AwaitableFd& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(to.get(), bytes.data(), bytes.size(), 0);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (!may_go_on() || co_await to.writable()) {
      co_return false;
    }
  }
  co_return true;
}

// One direction. The end of a stream is passed on as such, and the other direction goes on.
Task<> pump(AwaitableFd& from, AwaitableFd& to) {
  std::array<char, 16 * 1024> room{};
  for (;;) {
    if (co_await from.readable()) break;
    const auto count = ::recv(from.get(), room.data(), room.size(), 0);
    if (count < 0 && may_go_on()) continue;
    if (count == 0) {
      ::shutdown(to.get(), SHUT_WR);
      co_return;
    }
    if (count < 0) break;
    const std::string_view bytes(room.data(), static_cast<std::size_t>(count));
    const bool is_sent = co_await send_all(to, bytes);
    if (!is_sent) break;
  }
  // One side is lost, and so is the other: both pumps come to their ends.
  ::shutdown(from.get(), SHUT_RDWR);
  ::shutdown(to.get(), SHUT_RDWR);
}

Task<bool> connect_to(AwaitableFd& socket, std::uint16_t port) {
  sockaddr_in target{};
  target.sin_family = AF_INET;
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0) {
    co_return true;
  }
  if (errno != EINPROGRESS || co_await socket.writable(5s)) co_return false;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  co_return error == 0;
}

// A client, from its beginning to its end; it reads like a program that blocks.
Task<> relay(EventLoop& loop, int accepted, std::uint16_t port) {
  const Socket client_socket(accepted);
  const Socket target_socket(::socket(AF_INET, SOCK_STREAM, 0));
  if (!make_nonblocking(client_socket.get()) || !make_nonblocking(target_socket.get())) co_return;
  AwaitableFd client(loop, client_socket.get());
  AwaitableFd target(loop, target_socket.get());
  const bool is_connected = co_await connect_to(target, port);
  if (!is_connected) co_return;
  auto answers = spawn(loop, pump(target, client));
  co_await pump(client, target);
  co_await answers.join();
}

Task<> accept_all(EventLoop& loop, int listener, std::uint16_t port, std::list<Spawned<>>& relays) {
  AwaitableFd accepting(loop, listener);
  for (;;) {
    if (co_await accepting.readable()) co_return;
    const int accepted = ::accept(listener, nullptr, nullptr);
    if (accepted < 0) {
      // Where descriptors have run out, the listener stays ready: rest, rather than spin.
      if (!may_go_on()) co_await polymux::sleep_for(100ms);
      continue;
    }
    const auto place = relays.insert(relays.end(), spawn(loop, relay(loop, accepted, port)));
    if (place->is_done()) {
      relays.erase(place);
    } else {
      place->when_done([&relays, place] { relays.erase(place); });
    }
  }
}

int fail(const char* what, const std::string& why) {
  std::cerr << what << ": " << why << '\n';
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage", "proxy PORT TARGET_PORT");
  std::signal(SIGPIPE, SIG_IGN);
  const Socket listener(listen_on_loopback(static_cast<std::uint16_t>(std::atoi(argv[1]))));
  if (listener.get() < 0) return fail("cannot listen", std::strerror(errno));
  const auto target = static_cast<std::uint16_t>(std::atoi(argv[2]));

  auto opened = polymux::open_poller();
  if (!opened) return fail("no multiplexer", opened.message);
  EventLoop loop(std::move(opened.poller));
  polymux::SignalWatch terminate(loop, [&] { loop.stop(); });
  if (const auto error = terminate.start(SIGTERM)) return fail("SIGTERM", error.message());

  // Whoever is still there when the loop ends is cancelled with its task.
  std::list<Spawned<>> relays;
  const auto acceptor = spawn(loop, accept_all(loop, listener.get(), target, relays));
  std::cout << "listening on 127.0.0.1:" << port_of(listener.get()) << std::endl;
  if (const auto error = loop.run()) return fail("the loop has failed", error.message());
  return EXIT_SUCCESS;
}
