#include "clients.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bench {
namespace {

const Run* measured = nullptr;
Reading begun;
// What the clients have to say, and where they are told to go on.
int answers = -1;
int orders = -1;

// The name of a figure and its value, one pair a line.
Figures read_figures() {
  std::string text;
  char bytes[4096];
  ssize_t count = 0;
  while ((count = ::read(answers, bytes, sizeof bytes)) > 0) {
    text.append(bytes, static_cast<std::size_t>(count));
  }
  Figures figures;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto space = text.find(' ', at);
    const auto end = text.find('\n', at);
    if (space == text.npos || end == text.npos) give_up("the clients were cut short");
    figures.emplace_back(text.substr(at, space - at), std::strtod(&text[space], nullptr));
    at = end + 1;
  }
  return figures;
}

// The handlers do more than signal-safety(7) allows. They may: the clients send a signal only after
// the last answer has come, when the server sits in its wait, and the driver bounds the time.
void on_begin(int /*number*/) {
  begun = read_now();
  if (::write(orders, "g", 1) != 1) std::_Exit(1);
}

void on_end(int /*number*/) {
  const auto end = read_now();
  auto figures = read_figures();
  if (figures.empty()) std::_Exit(1);
  const auto units = static_cast<std::uint64_t>(figures.front().second);
  figures.erase(figures.begin());
  figures.emplace_back("cpu_seconds", end.cpu_seconds - begun.cpu_seconds);
  figures.emplace_back("heap_bytes", end.heap_bytes - begun.heap_bytes);
  print_result(*measured, units, figures);
  std::fflush(stdout);
  std::_Exit(0);
}

// Without it a server whose clients have failed would run on.
void on_child(int /*number*/) {
  int status = 0;
  while (::waitpid(-1, &status, WNOHANG) > 0) {
    if (status != 0) std::_Exit(1);
  }
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  if (::sigaction(number, &action, nullptr) != 0) give_up("sigaction");
}

std::string program_beside_this_one(const char* name) {
  std::array<char, PATH_MAX> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (size < 0) give_up("readlink");
  const std::string self(path.data(), static_cast<std::size_t>(size));
  return self.substr(0, self.rfind('/') + 1) + name;
}

[[noreturn]] void become_clients(const Run& run, std::uint16_t port, int reads, int writes) {
  std::vector<std::string> words{
      program_beside_this_one("polymux_bench_clients"), "port=" + std::to_string(port),
      "server=" + std::to_string(::getppid()), "reads=" + std::to_string(reads),
      "writes=" + std::to_string(writes)};
  for (const auto& [key, value] : run.parameters()) {
    words.push_back(key + "=" + std::to_string(value));
  }
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(arguments.front(), arguments.data());
  std::perror(arguments.front());
  std::_Exit(1);
}

}  // namespace

void start_clients(const Run& run, std::uint16_t port) {
  measured = &run;
  handle(SIGUSR1, on_begin);
  handle(SIGUSR2, on_end);
  handle(SIGCHLD, on_child);
  ::signal(SIGPIPE, SIG_IGN);
  int to_clients[2];
  int from_clients[2];
  if (::pipe(to_clients) != 0 || ::pipe(from_clients) != 0) give_up("pipe");
  // Before the clients are there to send a signal.
  orders = to_clients[1];
  answers = from_clients[0];
  const auto child = ::fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    ::close(to_clients[1]);
    ::close(from_clients[0]);
    become_clients(run, port, to_clients[0], from_clients[1]);
  }
  ::close(to_clients[0]);
  ::close(from_clients[1]);
  ::fcntl(orders, F_SETFD, FD_CLOEXEC);
  ::fcntl(answers, F_SETFD, FD_CLOEXEC);
}

std::vector<Workload> server_workloads(const std::vector<std::string>& variants,
                                       const std::function<void(Run&)>& serve) {
  // `busy` connections ask, `idle` ones were answered once and are silent, and `churn` tells the
  // busy ones to hang up after each answer and to connect anew.
  return {
      {"echo",
       variants,
       {{"busy", 64},
        {"idle", 0},
        {"payload", 64},
        {"requests", 100'000},
        {"churn", 0},
        {"from_start", 0}},
       serve},
      {"accept",
       variants,
       {{"busy", 16},
        {"idle", 0},
        {"payload", 1},
        {"requests", 10'000},
        {"churn", 1},
        {"from_start", 0}},
       serve},
      // What an idle connection takes is measured between none and all of them.
      {"idle",
       variants,
       {{"busy", 1},
        {"idle", 10'000},
        {"payload", 64},
        {"requests", 1},
        {"churn", 0},
        {"from_start", 1}},
       serve},
  };
}

}  // namespace bench
