#pragma once

#include <string_view>
#include <vector>

#include <polymux/poller/registry.hpp>

namespace polymux::test {

/// The choice of a backend, as the rules OPEN-1 to OPEN-8 see it: the functions of
/// polymux/poller/registry.hpp. Who derives from it shows that those rules can be failed.
class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  virtual ~Registry() = default;

  [[nodiscard]] virtual std::vector<BackendStatus> available() const {
    return available_backends();
  }
  [[nodiscard]] virtual OpenResult open_named(std::string_view backend,
                                              const Requirements& required) const {
    return open_poller(backend, required);
  }
  [[nodiscard]] virtual OpenResult open_by_id(BackendId backend,
                                              const Requirements& required) const {
    return open_poller(backend, required);
  }
  [[nodiscard]] virtual OpenResult open_best(const Requirements& required) const {
    return open_poller(required);
  }
  [[nodiscard]] virtual Waitable can_wait_by_id(int fd, BackendId backend,
                                                Interest interest) const {
    return waitable(fd, backend, interest);
  }
  [[nodiscard]] virtual Waitable can_wait(int fd, std::string_view backend,
                                          Interest interest) const {
    return waitable(fd, backend, interest);
  }
};

/// The one that the rules are held against: polymux's own, unless it was replaced.
[[nodiscard]] const Registry& registry();
/// Puts another in its place, which must live as long as the tests.
void replace_registry(const Registry& other);

}  // namespace polymux::test
