// polymux_bench_<peer> WORKLOAD [variant=NAME] [KEY=NUMBER...]: does a stated count of units of
// work and prints one line of JSON. `polymux_bench_<peer> list` tells what there is.

#include <cstdio>
#include <exception>
#include <span>

#include "run.hpp"

int main(int argc, char** argv) try {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  return bench::run_program(words.subspan(1));
} catch (const std::exception& error) {
  std::fprintf(stderr, "benchmark: %s\n", error.what());
  return 1;
}
