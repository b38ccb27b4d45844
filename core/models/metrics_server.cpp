#include "core/models/metrics_server.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <string_view>
#include <utility>

#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>

#include "core/models/metrics_request.hpp"
#include "core/service/open_listeners.hpp"
#include "platform/descriptors.hpp"
#include "platform/socket_io.hpp"
#include "platform/sockets.hpp"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// For the request and the answer together.
constexpr auto patience = 5s;

std::string make_answer(std::string_view status, std::string_view more, std::string_view body) {
  std::string text("HTTP/1.1 ");
  text.append(status).append("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
  text.append(more).append("Connection: close\r\nContent-Length: ");
  text.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return text;
}

std::string refusal(MetricsRequest request) {
  switch (request) {
    case MetricsRequest::not_found:
      return make_answer("404 Not Found", "", "There is /metrics, and nothing else.\n");
    case MetricsRequest::not_allowed:
      return make_answer("405 Method Not Allowed", "Allow: GET\r\n", "Only GET is answered.\n");
    case MetricsRequest::too_long:
      return make_answer("431 Request Header Fields Too Large", "",
                         "A request has at most 8192 bytes.\n");
    default:
      return make_answer("400 Bad Request", "", "This is no request of HTTP/1.\n");
  }
}

}  // namespace

/// One who asks: reads the request, sends the answer, and waits until the client has it.
class MetricsServer::Client final : public Watcher {
 public:
  Client(MetricsServer& server, UniqueFd socket)
      : Watcher(server.loop_),
        server_(server),
        socket_(std::move(socket)),
        end_(server.loop_, [this] { server_.close(*this); }) {}
  ~Client() override { stop(); }

  [[nodiscard]] std::error_code open() noexcept {
    if (const auto error = prepare_to_send(socket_.get())) return error;
    end_.start_after(patience);
    return start(socket_.get(), Interest::read);
  }

 private:
  /// False if it is over.
  [[nodiscard]] bool go_on() {
    if (is_ending_) return discard();
    if (answer_.empty() && !read()) return false;
    return answer_.empty() || send_rest();
  }

  void on_ready(Ready ready) override {
    bool is_alive = false;
    try {
      is_alive = ready != Ready::invalid && go_on();
    } catch (const std::bad_alloc&) {
      // Whoever asks for metrics has to do without.
    }
    if (!is_alive) server_.close(*this);
  }

  [[nodiscard]] bool read() {
    std::array<char, 1024> room{};
    const auto left = longest_metrics_request - request_.size();
    const auto got = receive(socket_.get(), std::span(room).first(std::min(left, room.size())));
    if (got.status == IoStatus::would_block) return true;
    if (got.status != IoStatus::done) return false;
    request_.append(room.data(), got.count);
    const auto request = read_metrics_request(request_);
    if (request == MetricsRequest::unfinished) return true;
    answer_ = request == MetricsRequest::metrics
                  ? make_answer("200 OK", "", to_exposition(server_.source_()))
                  : refusal(request);
    return true;
  }

  [[nodiscard]] bool send_rest() noexcept {
    const auto rest = std::string_view(answer_).substr(sent_);
    const auto sent = send(socket_.get(), rest);
    if (sent.status != IoStatus::done && sent.status != IoStatus::would_block) return false;
    sent_ += sent.count;
    if (sent_ < answer_.size()) return !set_interest(Interest::write);
    // Not closed before the client has read it: what it still sends would make that a reset, and
    // the answer may be lost with it.
    is_ending_ = true;
    return !shut_down_writing(socket_.get()) && !set_interest(Interest::read);
  }

  [[nodiscard]] bool discard() noexcept {
    std::array<char, 1024> room{};
    const auto got = receive(socket_.get(), room);
    return got.status == IoStatus::done || got.status == IoStatus::would_block;
  }

  MetricsServer& server_;
  UniqueFd socket_;
  std::string request_;
  std::string answer_;
  std::size_t sent_ = 0;
  bool is_ending_ = false;
  Timer end_;
};

MetricsServer::MetricsServer(EventLoop& loop, Source source)
    : loop_(loop),
      source_(std::move(source)),
      acceptors_(loop, {{&counters_, 1}}, [this](UniqueFd client) { take_in(std::move(client)); }) {
}

MetricsServer::~MetricsServer() = default;

ListenResult MetricsServer::listen(std::string_view address) {
  std::vector<Listener> listeners;
  auto result = open_listeners(address, listeners);
  if (!result) return result;
  auto added = add(std::move(listeners));
  return added ? std::move(result) : std::move(added);
}

ListenResult MetricsServer::add(std::vector<Listener> listeners) {
  for (auto& listener : listeners) files_.push_back(std::move(listener.file));
  return acceptors_.add(std::move(listeners));
}

void MetricsServer::become_child() noexcept {
  for (auto& file : files_) file.disown();
}

void MetricsServer::take_in(UniqueFd socket) noexcept {
  // Those beyond are closed: whoever asks for metrics asks again.
  if (clients_.size() >= most_clients) return;
  try {
    auto client = std::make_unique<Client>(*this, std::move(socket));
    if (!client->open()) clients_.push_back(std::move(client));
  } catch (const std::bad_alloc&) {
    // It is closed.
  }
}

void MetricsServer::close(Client& client) noexcept {
  std::erase_if(clients_, [&](const auto& one) { return one.get() == &client; });
  acceptors_.wake();
}

std::string metrics_url(const std::string& address) {
  return address.starts_with("unix:") ? "/metrics of " + address : "http://" + address + "/metrics";
}

}  // namespace polymux
