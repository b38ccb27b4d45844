#pragma once

#include <functional>
#include <string>
#include <vector>

#include "descriptor.hpp"

namespace probe {

/// A descriptor that multiplexers are asked about, and all that keeps it as it is. Non-blocking.
class Subject {
 public:
  /// \param near  Asked about.
  /// \param far   The other end, where the kind has one.
  explicit Subject(Descriptor near, Descriptor far = Descriptor());
  Subject(Subject&&) = default;
  Subject& operator=(Subject&&) = delete;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  /// Undoes, last first, then closes.
  ~Subject();

  /// The number that multiplexers are told; it stays the same when it is closed.
  [[nodiscard]] int near() const noexcept { return near_; }
  [[nodiscard]] int far() const noexcept { return far_; }

  /// Keeps a descriptor open as long as this lives, and returns its number.
  int keep(Descriptor descriptor);
  /// Closes a number that is kept.
  void close(int number);
  void at_end(std::function<void(Subject&)> undo) { undo_.push_back(std::move(undo)); }

  /// Where the file is found, if it has a name that is needed later.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }

 private:
  int near_;
  int far_;
  std::vector<Descriptor> kept_;
  std::vector<std::function<void(Subject&)>> undo_;
  std::string path_;
};

}  // namespace probe
