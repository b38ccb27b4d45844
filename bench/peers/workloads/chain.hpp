#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fixed_array.hpp"
#include "support/descriptors.hpp"
#include "support/run.hpp"

namespace bench {

/// What a chain is made of: tokens start at even distances, and each event passes one on to the
/// next descriptor, so that `active` of them are ready at a time and each has its turn.
struct Chain {
  explicit Chain(const Run& run)
      : nodes(open_nodes(run["descriptors"])),
        active(run["active"]),
        events(run["events"]),
        to_pass(events - active) {
    require(active > 0 && 4 * active <= nodes.size() && events >= active,
            "a chain wants active of 1 to a quarter of descriptors, and as many events");
  }

  void put_tokens() const {
    for (std::size_t token = 0; token < active; ++token) {
      put_token(nodes[token * nodes.size() / active]);
    }
  }
  /// An event of the node `index` whose token was taken. \return Whether it was the last one.
  bool pass_on(std::size_t index) noexcept {
    ++handled;
    if (to_pass > 0) {
      --to_pass;
      put_token(nodes[index + 1 == nodes.size() ? 0 : index + 1]);
    }
    return handled == events;
  }

  std::vector<int> nodes;
  std::size_t active;
  std::uint64_t events;
  std::uint64_t to_pass;
  std::uint64_t handled = 0;
};

template <class P>
void run_chain(Run& run) {
  static Chain chain(run);
  static typename P::Loop loop(run.variant());
  struct Pass {
    std::size_t index;
    void operator()() const noexcept {
      take_token(chain.nodes[index]);
      if (chain.pass_on(index)) loop.stop();
    }
  };
  using Reader = typename P::template Reader<Pass>;
  FixedArray<Reader> readers(chain.nodes.size(), [](Reader* where, std::size_t index) {
    std::construct_at(where, loop, Pass{index});
    where->start(chain.nodes[index]);
  });
  loop.turn();
  chain.put_tokens();

  run.begin();
  loop.run();
  run.finish(chain.handled);
}

inline Workload chain_workload(const std::vector<std::string>& variants,
                               std::function<void(Run&)> work) {
  return {"chain",
          variants,
          {{"descriptors", 1'000}, {"active", 1}, {"events", 100'000}},
          std::move(work)};
}

}  // namespace bench
