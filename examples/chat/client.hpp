#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <polymux/polymux.hpp>
#include <string>
#include <string_view>

#include "listening.hpp"

class Client;

/// What the room does when a client moves.
class Room {
 public:
  virtual void on_line(const Client& from, std::string_view line) = 0;
  /// It will not say or hear anything any more.
  virtual void on_gone(Client& client) = 0;

 protected:
  ~Room() = default;
};

/// Somebody in the room: a socket that is watched.
class Client final : public polymux::Watcher {
 public:
  Client(polymux::EventLoop& loop, Room& room, int socket, std::string name)
      : Watcher(loop), room_(room), socket_(socket), name_(std::move(name)) {}
  ~Client() override { stop(); }  // Before the socket is closed.

  [[nodiscard]] bool open() {
    return make_nonblocking(socket_.get()) && !start(socket_.get(), polymux::Interest::read);
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool is_gone() const { return is_gone_; }

  /// Sends what goes at once, and keeps the rest until the socket takes it. Who takes nothing for
  /// too long leaves: the room waits for nobody, and keeps no more than `most_kept` for anybody.
  void tell(std::string_view text) {
    if (is_gone_) return;
    unsent_ += text;
    send_some();
    if (unsent_.size() > most_kept) leave();
  }

 private:
  static constexpr std::size_t most_kept = std::size_t{64} * 1024;
  static constexpr std::size_t longest_line = 4096;

  void on_ready(polymux::Ready ready) override {
    if (ready == polymux::Ready::invalid) return leave();
    if (polymux::contains(ready, polymux::Ready::writable)) send_some();
    if (polymux::contains(ready, polymux::Ready::readable)) receive_some();
  }

  void receive_some() {
    std::array<char, 4096> room{};
    const auto count = ::recv(socket_.get(), room.data(), room.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return leave();
    received_.append(room.data(), static_cast<std::size_t>(count));
    take_lines();
    if (received_.size() > longest_line) leave();
  }

  void take_lines() {
    std::size_t start = 0;
    for (auto end = received_.find('\n'); end != std::string::npos && !is_gone_;
         end = received_.find('\n', start)) {
      room_.on_line(*this, std::string_view(received_).substr(start, end - start));
      start = end + 1;
    }
    received_.erase(0, start);
  }

  void send_some() {
    while (!unsent_.empty() && !is_gone_) {
      const auto count = ::send(socket_.get(), unsent_.data(), unsent_.size(), 0);
      if (count >= 0) {
        unsent_.erase(0, static_cast<std::size_t>(count));
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        return leave();
      }
    }
    if (is_gone_) return;
    using polymux::Interest;
    // Writable is asked for only while something is left, or the loop would never rest.
    if (set_interest(unsent_.empty() ? Interest::read : Interest::read | Interest::write)) leave();
  }

  void leave() {
    if (is_gone_) return;
    is_gone_ = true;
    stop();
    room_.on_gone(*this);
  }

  Room& room_;
  Socket socket_;
  std::string name_;
  std::string received_;
  std::string unsent_;
  bool is_gone_ = false;
};
