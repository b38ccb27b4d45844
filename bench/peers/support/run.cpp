#include "run.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace bench {
namespace {

constexpr int wrong_usage = 2;

std::string running_workload;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

template <class Items, class Name>
std::string joined(const Items& items, Name name, const char* separator) {
  std::string all;
  for (const auto& item : items) {
    if (!all.empty()) all += separator;
    all += name(item);
  }
  return all;
}

std::string list_line(const Peer& peer) {
  const auto workload = [](const Workload& each) {
    return quoted(each.name) + ": [" + joined(each.variants, quoted, ", ") + "]";
  };
  return "{\"peer\": " + quoted(peer.name) + ", \"version\": " + quoted(peer.version) +
         ", \"workloads\": {" + joined(peer.workloads, workload, ", ") + "}}\n";
}

[[noreturn]] void refuse(const Peer& peer, const std::string& what) {
  std::fprintf(stderr, "polymux_bench_%s: %s\n", peer.name.c_str(), what.c_str());
  std::exit(wrong_usage);
}

const Workload& find_workload(const Peer& peer, std::string_view name) {
  const auto found = std::find_if(peer.workloads.begin(), peer.workloads.end(),
                                  [name](const Workload& each) { return each.name == name; });
  if (found != peer.workloads.end()) return *found;
  const auto name_of = [](const Workload& each) { return each.name; };
  refuse(peer, "unknown workload '" + std::string(name) + "'; there are " +
                   joined(peer.workloads, name_of, ", "));
}

Run parse(const Peer& peer, const Workload& workload, std::span<char*> words) {
  auto variant = workload.variants.front();
  auto parameters = workload.parameters;
  for (const std::string_view word : words) {
    const auto equals = word.find('=');
    const auto key = word.substr(0, equals);
    const auto value = equals == word.npos ? std::string_view() : word.substr(equals + 1);
    if (key == "variant") {
      variant = value;
      continue;
    }
    const auto known = std::find_if(parameters.begin(), parameters.end(),
                                    [key](const auto& each) { return each.first == key; });
    const auto name_of = [](const auto& each) { return each.first; };
    if (known == parameters.end()) {
      refuse(peer, "unknown parameter '" + std::string(key) + "' of " + workload.name +
                       "; there are variant, " + joined(parameters, name_of, ", "));
    }
    const auto end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, known->second);
    if (error != std::errc() || rest != end) {
      refuse(peer, "'" + std::string(word) + "': a whole number is wanted");
    }
  }
  if (std::find(workload.variants.begin(), workload.variants.end(), variant) ==
      workload.variants.end()) {
    const auto same = [](const std::string& name) { return name; };
    refuse(peer, "unknown variant '" + variant + "' of " + workload.name + "; there are " +
                     joined(workload.variants, same, ", "));
  }
  return {variant, parameters};
}

}  // namespace

Reading read_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto info = ::mallinfo2();
  return {.time = std::chrono::steady_clock::now(),
          .cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
          .heap_bytes = static_cast<double>(info.uordblks + info.hblkhd)};
}

std::uint64_t Run::operator[](std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  give_up("no parameter " + std::string(name));
}

void Run::finish(std::uint64_t units, const Figures& more) const {
  const auto end = read_now();
  Figures figures{
      {"seconds", std::chrono::duration<double>(end.time - begin_.time).count()},
      {"cpu_seconds", end.cpu_seconds - begin_.cpu_seconds},
      {"heap_bytes", end.heap_bytes - begin_.heap_bytes},
  };
  figures.insert(figures.end(), more.begin(), more.end());
  print_result(*this, units, figures);
  std::fflush(stdout);
  std::_Exit(0);
}

void print_result(const Run& run, std::uint64_t units, const Figures& figures) {
  const auto peer = this_peer();
  const auto parameter = [](const auto& each) {
    return quoted(each.first) + ": " + std::to_string(each.second);
  };
  const auto figure = [](const auto& each) {
    char number[64];
    std::snprintf(number, sizeof number, "%.9g", each.second);
    return quoted(each.first) + ": " + number;
  };
  const auto line =
      "{\"peer\": " + quoted(peer.name) + ", \"version\": " + quoted(peer.version) +
      ", \"variant\": " + quoted(run.variant()) + ", \"workload\": " + quoted(running_workload) +
      ", \"parameters\": {" + joined(run.parameters(), parameter, ", ") +
      "}, \"units\": " + std::to_string(units) + ", " + joined(figures, figure, ", ") + "}\n";
  std::fputs(line.c_str(), stdout);
}

void give_up(const std::string& what) {
  std::fprintf(stderr, "benchmark: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void require(bool holds, const char* what) {
  if (!holds) give_up(what);
}

int run_program(std::span<char*> words) {
  const auto peer = this_peer();
  if (words.empty()) {
    refuse(peer, "usage: polymux_bench_" + peer.name + " WORKLOAD [KEY=VALUE...], or 'list'");
  }
  if (std::string_view(words.front()) == "list") {
    std::fputs(list_line(peer).c_str(), stdout);
    return 0;
  }
  const auto& workload = find_workload(peer, words.front());
  running_workload = workload.name;
  auto run = parse(peer, workload, words.subspan(1));
  workload.work(run);
  give_up("the workload has ended without a result");
}

}  // namespace bench
