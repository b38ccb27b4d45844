#include <sys/utsname.h>
#include <time.h>

#include "survey.hpp"
#include "system_failure.hpp"

namespace probe {
namespace {

std::string now() {
  const time_t seconds = ::time(nullptr);
  tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) throw SystemFailure("gmtime_r");
  char text[32];
  const auto length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, length};
}

}  // namespace

System this_system() {
  utsname names{};
  if (::uname(&names) < 0) throw SystemFailure("uname");
  return {.name = names.sysname,
          .release = names.release,
          .version = names.version,
          .machine = names.machine,
          .date = now()};
}

}  // namespace probe
