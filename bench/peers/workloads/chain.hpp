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
/// next descriptor, so that `active` of them are ready at a time and each has its turn. Little more
/// is done than the two system calls, lest it hides what the loops cost.
struct Chain {
  /// What an event does: takes a token here and puts it there.
  struct Link {
    int here;
    int there;
  };

  explicit Chain(const Run& run) : active(run["active"]), left(run["events"]) {
    const auto nodes = open_nodes(run["descriptors"]);
    require(active > 0 && 4 * active <= nodes.size() && left >= active,
            "a chain wants active of 1 to a quarter of descriptors, and as many events");
    for (std::size_t index = 0; index < nodes.size(); ++index) {
      links.push_back({nodes[index], nodes[(index + 1) % nodes.size()]});
    }
  }

  void put_tokens() const {
    for (std::size_t token = 0; token < active; ++token) {
      put_token(links[token * links.size() / active].here);
    }
  }
  /// \return Whether it was the last event.
  bool pass_on(Link link) noexcept {
    take_token(link.here);
    put_token(link.there);
    return --left == 0;
  }

  std::vector<Link> links;
  std::size_t active;
  std::uint64_t left;
};

template <class P>
void run_chain(Run& run) {
  static Chain chain(run);
  static typename P::Loop loop(run.variant());
  struct Pass {
    Chain::Link link;
    void operator()() const noexcept {
      if (chain.pass_on(link)) loop.stop();
    }
  };
  using Reader = typename P::template Reader<Pass>;
  FixedArray<Reader> readers(chain.links.size(), [](Reader* where, std::size_t index) {
    std::construct_at(where, loop, Pass{chain.links[index]});
    where->start(chain.links[index].here);
  });
  loop.turn();
  chain.put_tokens();

  run.begin();
  loop.run();
  run.finish(run["events"]);
}

inline Workload chain_workload(const std::vector<std::string>& variants,
                               std::function<void(Run&)> work) {
  return {"chain",
          variants,
          {{"descriptors", 1'000}, {"active", 1}, {"events", 100'000}},
          std::move(work)};
}

}  // namespace bench
