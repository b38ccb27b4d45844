#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <polymux/export.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>

namespace polymux {
/// \addtogroup models
/// \{

/// What a server of any model is asked for.
struct ServerOptions {
  /// As `ConnectionManager::listen` takes them.
  std::vector<std::string> addresses{"127.0.0.1:0"};
  /// Which multiplexer, of a model that takes one; without, the environment and the library choose.
  std::optional<std::string> backend{};
  /// What clients are allowed.
  ConnectionOptions connections{};
  /// Threads or processes, of a model that has a number of them; zero: as many as processors.
  std::uint32_t workers = 0;
  /// One of `ServerModel::variants`; empty: the first.
  std::string variant{};
  /// How often the counters are told; zero or less: never.
  std::chrono::nanoseconds stats_interval{0};
  /// Where GET /metrics is answered, as `ConnectionManager::listen` takes it; empty: nowhere.
  std::string metrics{};
  /// How often `ServerObserver::on_watch` is called; zero or less: never.
  std::chrono::nanoseconds watch_interval{0};
  /// How often `ServerObserver::on_alive` is called; zero or less: never.
  std::chrono::nanoseconds alive_interval{0};
};

/// How a server ended.
struct ServerOutcome {
  /// Whose doing it was.
  enum class Kind : std::uint8_t {
    /// It was asked to end, and did.
    ended,
    /// The system refused something that it cannot do without.
    failed,
    /// What it was asked for cannot be: an option, an address, a backend.
    wrong_usage
  };

  /// Which of these.
  Kind kind = Kind::ended;
  /// For people: what was wrong, and what would be right.
  std::string message{};
};

/// What a server is at one moment.
struct ServerState {
  /// It drains, and takes no more clients.
  bool is_ending = false;
  /// Of all who serve, together.
  ConnectionCounters counters{};
  /// For people: a line for each thread or process that serves, of a server that has several.
  std::vector<std::string> parts{};
};

/// What a server tells while it serves. Called by the thread that serves, or one of its own, one at
/// a time.
class POLYMUX_API ServerObserver {
 public:
  /// For those who derive from it.
  ServerObserver() = default;
  ServerObserver(const ServerObserver&) = delete;
  ServerObserver& operator=(const ServerObserver&) = delete;

  /// Every address is bound; nobody is served yet, and no other process has been started. Who binds
  /// what others may not gives up here what he needs no more. Once.
  ///
  /// \return Anything but `ended` ends the server with it.
  [[nodiscard]] virtual ServerOutcome on_bound() { return {}; }
  /// Clients may come, to these addresses. Once.
  ///
  /// \param addresses  As `ListenResult::addresses`, with the ports that the system chose.
  /// \param backend    The multiplexer; empty for a model that takes none.
  /// \return False if nobody can be told of it: the server ends at once.
  [[nodiscard]] virtual bool on_listening(const std::vector<std::string>& addresses,
                                          const std::string& backend) = 0;
  /// The time of `ServerOptions::stats_interval` is over.
  ///
  /// \param counters  As they are now.
  virtual void on_counters(const ConnectionCounters& counters) = 0;
  /// Something that whoever operates it should know: a worker was lost and replaced.
  ///
  /// \param text  One line, for people.
  virtual void on_notice(std::string_view text) = 0;
  /// The counters again, for whoever looks at what has changed.
  virtual void on_watch(const ConnectionCounters& /*counters*/) {}
  /// SIGUSR1 has asked for it.
  virtual void on_state(const ServerState& /*state*/) {}
  /// All who serve are replaced by others, and then `on_reloaded`, also if those of before go on.
  virtual void on_reloading() {}
  /// Others have taken the place of all who served.
  virtual void on_reloaded() {}
  /// The server ends: it takes no more clients. Once.
  virtual void on_ending() {}
  /// The thread that watches over the server has its turns: the one with the loop, where there is
  /// one; of a server of processes the master's.
  virtual void on_alive() {}

 protected:
  ~ServerObserver() = default;
};

/// What a model has many of.
enum class Workers : std::uint8_t {
  /// Nothing that there is a choice of: one serves all, or each client has one of its own.
  none,
  /// Threads of one process.
  threads,
  /// Processes, each with one thread that serves.
  processes
};

/// One way to build a server around a service. All of them serve the same `Service` under the same
/// limits, as far as each can; docs/models.md says where one cannot.
struct ServerModel {
  /// What it is called, and found by.
  std::string_view name{};
  /// In a few words, for a list.
  std::string_view summary{};
  /// Programs and books that are known for it.
  std::string_view known_from{};
  /// It waits for readiness by any multiplexer.
  bool takes_backend = false;
  /// What `ServerOptions::workers` is a number of.
  Workers workers = Workers::none;
  /// Its clients send datagrams rather than streams (UDP).
  bool takes_datagrams = false;
  /// Ways in which it can be done, of which the first is taken unless another is asked for.
  std::span<const std::string_view> variants{};
  /// The option of the command that chooses one: `proactor` for `--proactor`. Empty without any.
  std::string_view variant_option{};
  /// Limits that it cannot keep: options of `polymux serve` that are refused, as `--idle-timeout`.
  std::span<const std::string_view> refused_options{};

  /// Serves until SIGTERM or SIGINT, which drain; a second one stops at once. It is the process's
  /// own: signals are its to handle, and it is called from the main thread, before there are
  /// others.
  ServerOutcome (*serve)(Service& service, const ServerOptions& options, ServerObserver& observer);
};

/// Every model, in the order of the textbook.
///
/// \return All of them. They live for ever.
[[nodiscard]] POLYMUX_API std::span<const ServerModel* const> server_models() noexcept;

/// Finds a model.
///
/// \param name  `ServerModel::name`.
/// \return Null if there is none of that name.
[[nodiscard]] POLYMUX_API const ServerModel* find_server_model(std::string_view name) noexcept;

/// \}
}  // namespace polymux
