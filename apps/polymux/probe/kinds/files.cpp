#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "apps/polymux/probe/kind.hpp"
#include "making.hpp"

namespace probe {
namespace {

// Of two bytes, read to the end.
Subject file() {
  const TemporaryFolder folder;
  auto subject = open_path(folder.file().c_str(), O_RDWR | O_CREAT | O_EXCL);
  check(static_cast<int>(::write(subject.near(), "xx", 2)), "write");
  return subject;
}

void near_rewinds(Subject& subject) {
  check(static_cast<int>(::lseek(subject.near(), 0, SEEK_SET)), "lseek");
}

Subject directory() {
  return open_path("/", O_RDONLY);
}
Subject null() {
  return open_path("/dev/null", O_RDWR);
}
Subject zero() {
  return open_path("/dev/zero", O_RDWR);
}
Subject random() {
  return open_path("/dev/random", O_RDWR);
}
Subject urandom() {
  return open_path("/dev/urandom", O_RDWR);
}
Subject mounts() {
  return open_path("/proc/self/mounts", O_RDONLY);
}
Subject tty() {
  return open_path("/dev/tty", O_RDWR);
}

constexpr Case file_cases[] = {{"idle", file}, {"data", file, near_rewinds}};
constexpr Case directory_cases[] = {{"idle", directory}};
constexpr Case null_cases[] = {{"idle", null}};
constexpr Case zero_cases[] = {{"idle", zero}};
constexpr Case random_cases[] = {{"idle", random}};
constexpr Case urandom_cases[] = {{"idle", urandom}};
constexpr Case mounts_cases[] = {{"idle", mounts}};
constexpr Case tty_cases[] = {{"idle", tty}};

}  // namespace

extern const Making file_making;
extern const Making directory_making;
extern const Making null_making;
extern const Making zero_making;
extern const Making random_making;
extern const Making urandom_making;
extern const Making mounts_making;
extern const Making tty_making;

const Making file_making{file_cases};
const Making directory_making{directory_cases};
const Making null_making{null_cases};
const Making zero_making{zero_cases};
const Making random_making{random_cases};
const Making urandom_making{urandom_cases};
const Making mounts_making{mounts_cases};
const Making tty_making{tty_cases};

}  // namespace probe
