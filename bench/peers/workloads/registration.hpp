#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fixed_array.hpp"
#include "support/descriptors.hpp"
#include "support/run.hpp"

namespace bench {

struct Ignore {
  void operator()() const noexcept {}
};

/// Registers and takes out again, with a look at what is ready between the two, so that libraries
/// which put changes off until then have to make them. One unit is both.
template <class P>
void run_add_remove(Run& run) {
  static typename P::Loop loop(run.variant());
  using Reader = typename P::template Reader<Ignore>;
  const auto sockets = open_silent_sockets(run["descriptors"]);
  const auto rounds = run["rounds"];
  FixedArray<Reader> readers(sockets.size(), [](Reader* where, std::size_t /*index*/) {
    std::construct_at(where, loop, Ignore{});
  });

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (std::size_t index = 0; index < sockets.size(); ++index) {
      readers[index].start(sockets[index]);
    }
    loop.turn();
    for (auto& reader : readers) reader.stop();
    loop.turn();
  }
  run.finish(rounds * sockets.size());
}

/// Asks for writable as well, or no longer, with a look at what is ready after each. One unit is
/// one change.
template <class P>
void run_modify(Run& run) {
  static typename P::Loop loop(run.variant());
  using Reader = typename P::template Reader<Ignore>;
  const auto sockets = open_silent_sockets(run["descriptors"]);
  const auto rounds = run["rounds"];
  FixedArray<Reader> readers(sockets.size(), [&sockets](Reader* where, std::size_t index) {
    std::construct_at(where, loop, Ignore{});
    where->start(sockets[index]);
  });
  loop.turn();

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (auto& reader : readers) reader.ask_to_write(round % 2 == 0);
    loop.turn();
  }
  run.finish(rounds * sockets.size());
}

/// Asks for writable, and no longer, before anybody looks: what a server does whose client takes
/// the rest of an answer at once. One unit is both.
template <class P>
void run_toggle(Run& run) {
  static typename P::Loop loop(run.variant());
  using Reader = typename P::template Reader<Ignore>;
  const auto sockets = open_silent_sockets(run["descriptors"]);
  const auto rounds = run["rounds"];
  FixedArray<Reader> readers(sockets.size(), [&sockets](Reader* where, std::size_t index) {
    std::construct_at(where, loop, Ignore{});
    where->start(sockets[index]);
  });
  loop.turn();

  run.begin();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    for (auto& reader : readers) {
      reader.ask_to_write(true);
      reader.ask_to_write(false);
    }
    loop.turn();
  }
  run.finish(rounds * sockets.size());
}

inline Workload registration_workload(std::string name, const std::vector<std::string>& variants,
                                      std::function<void(Run&)> work) {
  return {std::move(name), variants, {{"descriptors", 1'000}, {"rounds", 20}}, std::move(work)};
}

}  // namespace bench
