#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bench {

using Figures = std::vector<std::pair<std::string, double>>;

/// Time and memory of this process at one moment.
struct Reading {
  std::chrono::steady_clock::time_point time;
  /// Of all threads of this process, in user space and in the kernel.
  double cpu_seconds = 0;
  /// What glibc has handed out, its own overhead included.
  double heap_bytes = 0;
};
[[nodiscard]] Reading read_now();

/// What a workload is told: its own parameters, each a whole number, and the variant of its peer.
class Run {
 public:
  Run(std::string variant, std::vector<std::pair<std::string, std::uint64_t>> parameters)
      : variant_(std::move(variant)), parameters_(std::move(parameters)) {}

  [[nodiscard]] const std::string& variant() const noexcept { return variant_; }
  /// One that the workload has; ends the process otherwise.
  [[nodiscard]] std::uint64_t operator[](std::string_view name) const;
  [[nodiscard]] const auto& parameters() const noexcept { return parameters_; }

  /// The work begins here; what came before is preparation.
  void begin() { begin_ = read_now(); }
  /// The work is done. Prints the line of JSON and ends the process at once: what would be
  /// destroyed afterwards is not part of the work.
  [[noreturn]] void finish(std::uint64_t units, const Figures& more = {}) const;

 private:
  std::string variant_;
  std::vector<std::pair<std::string, std::uint64_t>> parameters_;
  Reading begin_{};
};

/// One kind of work that a peer can do.
struct Workload {
  std::string name;
  /// Those of the peer's variants that can do it.
  std::vector<std::string> variants;
  /// Its parameters, and what they are unless told.
  std::vector<std::pair<std::string, std::uint64_t>> parameters;
  /// Ends with `Run::finish`.
  std::function<void(Run&)> work;
};

/// What a program offers. Each `polymux_bench_<peer>` defines this one function.
struct Peer {
  std::string name;
  /// Of the library that was linked.
  std::string version;
  std::vector<Workload> workloads;
};
[[nodiscard]] Peer this_peer();

/// Does what the words of the command line ask for; returns the exit code where that ends well.
int run_program(std::span<char*> words);

/// Says what was attempted, with errno, and ends the process.
[[noreturn]] void give_up(const std::string& what);
/// Ends the process unless it holds.
void require(bool holds, const char* what);
/// Prints a result line, as `Run::finish` does, with the figures given.
void print_result(const Run& run, std::uint64_t units, const Figures& figures);

}  // namespace bench
