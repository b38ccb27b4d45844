#pragma once

#include <sys/types.h>

#include <string>

namespace operation {

/// A user, and the group that goes with it.
struct Identity {
  std::string name{};
  uid_t user = 0;
  gid_t group = 0;
};

/// Looks a user up, by name or number, and the group that is to replace its own; empty: none is.
///
/// \return For people: what is wrong, as that there is no such user, or that it is root. Empty if
///         nothing is.
[[nodiscard]] std::string find_identity(const std::string& user, const std::string& group,
                                        Identity& found);

/// Becomes that user for good, in this order: the supplementary groups are the user's own
/// (initgroups(3)), then the group, then the user, for real, effective and saved. At last it is
/// tried to become root again, which has to fail.
///
/// \return For people: why not; the process may have some of its rights then, and must not go on.
///         Empty on success.
/// \par Threads  All of them change. Called by one.
[[nodiscard]] std::string become(const Identity& identity);

}  // namespace operation
