#include "making.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {

void check(int answer, const char* call) {
  if (answer < 0) throw SystemFailure(call);
}

void make_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  check(flags, "F_GETFL");
  check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "F_SETFL");
}

Descriptor taken(int number, const char* call) {
  check(number, call);
  Descriptor descriptor(number);
  check(::fcntl(number, F_SETFD, FD_CLOEXEC), "F_SETFD");
  make_non_blocking(number);
  return descriptor;
}

Subject open_path(const char* path, int flags) {
  const int number = ::open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (number < 0) throw SystemFailure(std::string("open ") + path);
  return Subject(Descriptor(number));
}

bool await(int fd, int events, std::chrono::milliseconds at_most) {
  pollfd entry{.fd = fd, .events = static_cast<short>(events), .revents = 0};
  const int count =
      uninterrupted([&] { return ::poll(&entry, 1, static_cast<int>(at_most.count())); });
  return count > 0 && (entry.revents & events) != 0;
}

TemporaryFolder::TemporaryFolder() {
  const char* const chosen = std::getenv("TMPDIR");
  path_ = std::string(chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen) + "/polymux-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw SystemFailure("mkdtemp " + path_);
}

TemporaryFolder::~TemporaryFolder() {
  ::unlink(file().c_str());
  ::rmdir(path_.c_str());
}

const TemporaryFolder& keep_folder(Subject& subject, std::unique_ptr<TemporaryFolder> folder) {
  const std::shared_ptr<TemporaryFolder> kept = std::move(folder);
  // Goes when the function goes, with the subject.
  subject.at_end([kept](Subject& /*subject*/) {});
  return *kept;
}

}  // namespace probe
