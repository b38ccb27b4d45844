#pragma once

#include <string>
#include <vector>

#include <polymux/service/connection_options.hpp>

namespace operation {

/// What peers have brought about since the last look, told in one line for each kind: however many
/// come, the log grows by a few lines a look. To be looked at once a second.
class PeerEvents {
 public:
  /// A line for each kind of which there were some, with their number.
  [[nodiscard]] std::vector<std::string> look(const polymux::ConnectionCounters& now);

 private:
  polymux::ConnectionCounters before_{};
};

}  // namespace operation
