#include "tests/conformance/runner/system_info.hpp"

#include <sys/utsname.h>

#include <array>
#include <ctime>

namespace polymux::conformance {

SystemInfo system_info() {
  SystemInfo info;
  utsname names{};
  if (::uname(&names) >= 0) {
    info.name = names.sysname;
    info.release = names.release;
    info.version = names.version;
    info.machine = names.machine;
  }
  const auto now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  info.date.assign(text.data(), size);
  return info;
}

}  // namespace polymux::conformance
