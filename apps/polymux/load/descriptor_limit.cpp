#include "descriptor_limit.hpp"

#include <sys/resource.h>

#include "platform/system_error.hpp"

namespace load {
namespace {

bool allows(rlim_t limit, std::uint64_t needed) {
  return limit == RLIM_INFINITY || static_cast<std::uint64_t>(limit) >= needed;
}

}  // namespace

std::string allow_descriptors(std::uint64_t needed) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return "the limit of descriptors cannot be read: " + polymux::last_error().message();
  }
  if (allows(limit.rlim_cur, needed)) return {};
  const auto wanted = std::to_string(needed) + " descriptors are needed";
  if (!allows(limit.rlim_max, needed)) {
    return wanted + ", and this process may open " +
           std::to_string(static_cast<std::uint64_t>(limit.rlim_max)) +
           " (ulimit -Hn); ask for fewer connections, or start several processes";
  }
  limit.rlim_cur = static_cast<rlim_t>(needed);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  // macOS refuses what its kern.maxfilesperproc does not allow, whatever the hard limit says.
  return wanted +
         ", and the limit (ulimit -n) cannot be raised: " + polymux::last_error().message();
}

}  // namespace load
