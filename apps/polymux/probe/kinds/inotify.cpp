#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"

namespace probe {
namespace {

Subject watch_of_folder() {
  Subject subject(taken(::inotify_init1(IN_CLOEXEC), "inotify_init1"));
  const auto& folder = keep_folder(subject, std::make_unique<TemporaryFolder>());
  check(::inotify_add_watch(subject.near(), folder.path().c_str(), IN_CREATE), "inotify_add_watch");
  subject.set_path(folder.file());
  return subject;
}

void file_appears(Subject& subject) {
  subject.keep(taken(::open(subject.path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "open"));
  await(subject.near(), POLLIN);
}

constexpr Case cases[] = {{"idle", watch_of_folder}, {"data", watch_of_folder, file_appears}};

}  // namespace

extern const Making inotify_making;
const Making inotify_making{cases};

}  // namespace probe
