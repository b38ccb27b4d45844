#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>

#include "apps/polymux/probe/subject.hpp"

namespace probe {

/// What makers share. Each throws SystemFailure that names its call.

/// Takes the answer of a system call that gives a descriptor, and makes it non-blocking.
[[nodiscard]] Descriptor taken(int number, const char* call);
void make_non_blocking(int fd);
/// For the answer of any other call.
void check(int answer, const char* call);

/// Opens a file that has no other end.
[[nodiscard]] Subject open_path(const char* path, int flags);

/// Waits until poll(2) says one of `events` of it, or something went wrong; not for long. What a
/// step does may take its time to arrive.
/// \return Whether it said so.
bool await(int fd, int events, std::chrono::milliseconds at_most = std::chrono::milliseconds(50));

/// A directory that goes away with what is named in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The one file that may be in it.
  [[nodiscard]] std::string file() const { return path_ + "/file"; }

 private:
  std::string path_;
};

/// A folder that lives as long as the subject.
const TemporaryFolder& keep_folder(Subject& subject, std::unique_ptr<TemporaryFolder> folder);

}  // namespace probe
