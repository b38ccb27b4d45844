// A chat server: what one says, all the others hear.
//
//     chat PORT        telnet 127.0.0.1 PORT, or nc, in as many terminals as you like

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <list>
#include <memory>

#include "client.hpp"

namespace {

class ChatRoom final : public Room {
 public:
  ChatRoom(polymux::EventLoop& loop, int listener)
      : loop_(loop), listener_(listener), accepting_(loop, [this](polymux::Ready) { accept(); }) {}
  ChatRoom(const ChatRoom&) = delete;
  ChatRoom& operator=(const ChatRoom&) = delete;
  ~ChatRoom() { accepting_.stop(); }

  [[nodiscard]] bool open() { return !accepting_.start(listener_.get(), polymux::Interest::read); }

  void close() {
    for (const auto& client : clients_) client->tell("* the room closes\n");
  }

 private:
  void accept() {
    const int socket = ::accept(listener_.get(), nullptr, nullptr);
    if (socket < 0) return;
    auto client =
        std::make_unique<Client>(loop_, *this, socket, "guest " + std::to_string(++guests_));
    if (!client->open()) return;
    client->tell("* you are " + client->name() + "\n");
    broadcast(*client, "* " + client->name() + " has come\n");
    clients_.push_back(std::move(client));
  }

  void on_line(const Client& from, std::string_view line) override {
    broadcast(from, from.name() + ": " + std::string(line) + "\n");
  }

  // It may be in the middle of a broadcast, or of its own callback: it is destroyed later.
  void on_gone(Client& /*client*/) override {
    if (is_sweep_due_) return;
    is_sweep_due_ = true;
    loop_.post([this] { sweep(); });
  }

  void sweep() {
    is_sweep_due_ = false;
    std::list<std::unique_ptr<Client>> gone;
    for (auto at = clients_.begin(); at != clients_.end();) {
      const auto here = at++;
      if ((*here)->is_gone()) gone.splice(gone.end(), clients_, here);
    }
    for (const auto& client : gone) broadcast(*client, "* " + client->name() + " has left\n");
  }

  void broadcast(const Client& from, const std::string& text) {
    for (const auto& client : clients_) {
      if (client.get() != &from) client->tell(text);
    }
  }

  polymux::EventLoop& loop_;
  Socket listener_;
  polymux::CallbackWatcher accepting_;
  std::list<std::unique_ptr<Client>> clients_;
  unsigned guests_ = 0;
  bool is_sweep_due_ = false;
};

int fail(const char* what, const std::string& why) {
  std::cerr << what << ": " << why << '\n';
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  // To write to who has gone is an error, and no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  const int port = argc > 1 ? std::atoi(argv[1]) : 0;
  const int listener = listen_on_loopback(static_cast<std::uint16_t>(port));
  if (listener < 0) return fail("cannot listen", std::strerror(errno));

  auto opened = polymux::open_poller();
  if (!opened) return fail("no multiplexer", opened.message);
  polymux::EventLoop loop(std::move(opened.poller));
  ChatRoom room(loop, listener);
  if (!room.open()) return fail("cannot watch", "the listener");
  polymux::SignalWatch terminate(loop, [&] {
    room.close();
    loop.stop();
  });
  if (const auto error = terminate.start(SIGTERM)) return fail("SIGTERM", error.message());

  std::cout << "listening on 127.0.0.1:" << port_of(listener) << std::endl;
  if (const auto error = loop.run()) return fail("the loop has failed", error.message());
  return EXIT_SUCCESS;
}
