#include <chrono>
#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <polymux/polymux.hpp>

#include "commands.hpp"
#include "console.hpp"
#include "number_options.hpp"

namespace {

using std::chrono::nanoseconds;

constexpr const char* reactor = "reactor";
constexpr const char* proactor = "proactor";

struct ServeOptions {
  std::vector<std::string> addresses{"127.0.0.1:0"};
  std::string backend;
  bool has_backend = false;
  std::string model{reactor};
  std::uint64_t max_connections = polymux::ConnectionOptions{}.max_connections;
  std::uint64_t max_buffer = polymux::ConnectionOptions{}.max_buffer;
  nanoseconds idle_timeout = polymux::ConnectionOptions{}.idle_timeout;
  nanoseconds drain_timeout = polymux::ConnectionOptions{}.drain_timeout;
  nanoseconds stats_interval{0};
};

polymux::ConnectionOptions to_connection_options(const ServeOptions& options) {
  return {.max_connections = options.max_connections,
          .idle_timeout = options.idle_timeout,
          .drain_timeout = options.drain_timeout,
          .max_buffer = options.max_buffer};
}

std::string describe(const polymux::ConnectionCounters& counters) {
  const std::pair<const char*, std::uint64_t> figures[] = {
      {"active", counters.active},
      {"accepted", counters.accepted},
      {"closed", counters.closed},
      {"refused_limit", counters.refused_limit},
      {"refused_descriptors", counters.refused_descriptors},
      {"accept_errors", counters.accept_errors},
      {"idle_timeouts", counters.idle_timeouts},
      {"resets", counters.resets},
      {"bytes_in", counters.bytes_in},
      {"bytes_out", counters.bytes_out},
      {"backpressure", counters.backpressure},
  };
  std::string line = "stats";
  for (const auto& [name, value] : figures) {
    line.append(" ").append(name).append("=").append(std::to_string(value));
  }
  return line;
}

/// The server: a loop, what runs in it, and how it ends.
template <class Manager>
class Server {
 public:
  Server(std::unique_ptr<polymux::Poller> poller, const ServeOptions& options)
      : loop_(std::move(poller)),
        manager_(loop_, service_, to_connection_options(options)),
        terminate_(loop_, [this] { end(); }),
        interrupt_(loop_, [this] { end(); }),
        stats_(loop_, [this] { report(); }),
        stats_interval_(options.stats_interval) {}

  /// For those that not every system has.
  [[nodiscard]] std::error_code open() { return manager_.open(); }

  /// Binds every address before it tells of any.
  [[nodiscard]] int listen(const std::vector<std::string>& addresses, const std::string& backend) {
    std::string lines;
    for (const auto& address : addresses) {
      const auto result = manager_.listen(address);
      if (!result) return refuse(result);
      for (const auto& bound : result.addresses) {
        lines.append("listening on ").append(bound).append(" backend=").append(backend) += '\n';
      }
    }
    if (const int failed = watch_signals()) return failed;
    return console::print(lines);
  }

  [[nodiscard]] int run() {
    if (stats_interval_ > nanoseconds::zero()) stats_.start_after(stats_interval_);
    const auto error = loop_.run();
    if (!error) return console::success;
    console::complain("the event loop has failed: " + error.message());
    return console::failure;
  }

 private:
  static int refuse(const polymux::ListenResult& result) {
    console::complain(result.message);
    const bool is_usage = result.error == polymux::make_error_code(polymux::Errc::invalid_argument);
    return is_usage ? console::wrong_usage : console::failure;
  }

  [[nodiscard]] int watch_signals() {
    for (auto [watch, number] : {std::pair{&terminate_, SIGTERM}, std::pair{&interrupt_, SIGINT}}) {
      if (const auto error = watch->start(number)) {
        console::complain("cannot watch signals: " + error.message());
        return console::failure;
      }
    }
    return console::success;
  }

  // The first signal drains, the second does not wait for it.
  void end() {
    if (std::exchange(is_ending_, true)) {
      manager_.close_all();
    } else {
      manager_.drain([this] { loop_.stop(); });
    }
  }

  void report() {
    console::complain(describe(manager_.counters()));
    stats_.start_after(stats_interval_);
  }

  polymux::EventLoop loop_;
  polymux::ToupperService service_;
  Manager manager_;
  polymux::SignalWatch terminate_;
  polymux::SignalWatch interrupt_;
  polymux::Timer stats_;
  nanoseconds stats_interval_;
  bool is_ending_ = false;
};

template <class Manager>
int run(Server<Manager>& server, const ServeOptions& options, const std::string& backend) {
  if (const int failed = server.listen(options.addresses, backend)) return failed;
  return server.run();
}

int serve(const ServeOptions& options) {
  // Without --backend the environment may choose, else the library.
  auto opened =
      options.has_backend ? polymux::open_poller(options.backend) : polymux::open_poller();
  if (!opened) {
    console::complain(opened.message);
    return opened.error == polymux::Errc::unknown_backend ? console::wrong_usage : console::failure;
  }
  if (options.model == proactor) {
    Server<polymux::CompletionManager> server(std::move(opened.poller), options);
    if (const auto error = server.open()) {
      console::complain(
          "the model 'proactor' cannot be used here, for want of io_uring as Linux 6.1 has it "
          "and liburing: " +
          error.message());
      return console::failure;
    }
    return run(server, options, opened.backend);
  }
  Server<polymux::ConnectionManager> server(std::move(opened.poller), options);
  return run(server, options, opened.backend);
}

void add_options(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--listen", options.addresses,
                  "Where: HOST:PORT, [IPV6]:PORT or unix:/path, port 0 for any; repeatable")
      ->type_name("ADDRESS")
      ->type_size(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->capture_default_str();
  command
      .add_option("--backend", options.backend,
                  "Multiplexer to use, see 'polymux backends'; POLYMUX_BACKEND counts without it")
      ->type_name("NAME");
  command
      .add_option("--model", options.model,
                  "reactor: told when a connection is ready; proactor: told when the kernel has "
                  "received or sent (io_uring of Linux 6.1)")
      ->check(CLI::IsMember({reactor, proactor}))
      ->type_name("MODEL")
      ->capture_default_str();
  constexpr std::uint64_t most_connections = std::numeric_limits<std::int32_t>::max();
  constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;
  add_whole_number(command, "--max-connections", options.max_connections, 0, most_connections,
                   "Clients at a time, the others are refused; 0: as many as descriptors allow")
      ->type_name("N");
  add_seconds(command, "--idle-timeout", options.idle_timeout,
              "Close a connection on which no byte moves for so long; 0: never");
  add_seconds(command, "--drain-timeout", options.drain_timeout,
              "How long clients may take to finish after SIGTERM or SIGINT; 0: not at all");
  add_whole_number(command, "--max-buffer", options.max_buffer, 1, most_bytes,
                   "Kept for a client that does not take its answers; over 65536 is as 65536")
      ->type_name("BYTES");
  add_seconds(command, "--stats-interval", options.stats_interval,
              "Write a line of counters to stderr so often; 0: never");
}

}  // namespace

void add_serve_command(CLI::App& app, Command& chosen) {
  auto* const command =
      app.add_subcommand("serve", "Answer every byte in upper case, until SIGTERM or SIGINT");
  command->footer(
      "SIGTERM and SIGINT drain: no new clients, each one's answers are finished, exit code 0. A\n"
      "second one stops at once, also with 0. The limit of descriptors is the shell's (ulimit "
      "-n);\n"
      "clients beyond it are refused.");
  const auto options = std::make_shared<ServeOptions>();
  add_options(*command, *options);
  command->callback([&chosen, options, command] {
    options->has_backend = command->count("--backend") != 0;
    chosen = [options] { return serve(*options); };
  });
}
