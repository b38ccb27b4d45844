// Runs a small program under the faults of a hundred seeds:
//
//     line_counter_test              as it is; exits 0
//     line_counter_test careless     with its bug; names the first seed that shows it, exits 1
//     line_counter_test careless 7   that seed alone, to look at it again
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <polymux/polymux.hpp>
#include <polymux/testing/faulty_poller.hpp>

#include "line_counter.hpp"

namespace {

using polymux::testing::FaultyPoller;

constexpr std::size_t all_lines = 50;

/// A pipe whose reader does not block.
struct Pipe {
  Pipe() {
    if (::pipe(ends.data()) != 0 || ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) std::abort();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends[0]);
    close_writer();
  }
  void close_writer() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

/// Writes line after line, with a moment between them, and then ends.
class Typist {
 public:
  Typist(polymux::EventLoop& loop, Pipe& pipe) : pipe_(pipe), timer_(loop, [this] { type(); }) {
    type();
  }

 private:
  void type() {
    if (written_++ == all_lines) return pipe_.close_writer();
    if (::write(pipe_.ends[1], "a line\n", 7) != 7) std::abort();
    timer_.start_after(std::chrono::microseconds(100));
  }

  Pipe& pipe_;
  std::size_t written_ = 0;
  polymux::Timer timer_;
};

/// True if the program counts right under the faults of this seed.
bool survives(std::uint64_t seed, bool is_careless) {
  auto opened = polymux::open_poller();
  if (!opened) {
    std::cerr << opened.message << '\n';
    return false;
  }
  auto poller = std::make_unique<FaultyPoller>(std::move(opened.poller),
                                               polymux::testing::mixed_faults(seed));
  const FaultyPoller& faults = *poller;

  polymux::EventLoop loop(std::move(poller));
  Pipe pipe;
  LineCounter counter(loop, is_careless);
  if (counter.start(pipe.ends[0], polymux::Interest::read)) return false;
  Typist typist(loop, pipe);
  if (loop.run()) return false;

  if (counter.lines() == all_lines) return true;
  std::cout << faults.report() << "\n  counted " << counter.lines() << " lines of " << all_lines
            << '\n';
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_careless = argc > 1 && std::string_view(argv[1]) == "careless";
  const std::uint64_t first = argc > 2 ? std::stoull(argv[2]) : 1;
  const std::uint64_t last = argc > 2 ? first : 100;
  for (auto seed = first; seed <= last; ++seed) {
    if (!survives(seed, is_careless)) return 1;
  }
  std::cout << "right with every seed\n";
  return 0;
}
