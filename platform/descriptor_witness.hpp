#pragma once

#include <system_error>

#include "platform/descriptors.hpp"

namespace polymux {

/// Answers for multiplexers whose kernel side keeps no registrations (select, poll) the two
/// questions that epoll and kqueue answer at registration: can this file be waited for at all, and
/// does a number still mean the file that it meant then?
///
/// One thread at a time.
class DescriptorWitness {
 public:
  /// Admits the file `now` under the number `fd`.
  ///
  /// \param before  What was admitted under this number and not forgotten since; may be null.
  /// \return `already_registered` if it is the same file as `before`, `not_pollable`,
  ///         `bad_descriptor`, or the system's code.
  [[nodiscard]] std::error_code admit(int fd, const DescriptorInfo& now,
                                      const DescriptorInfo* before) noexcept;

  /// Says whether `fd` still means the file that was admitted.
  ///
  /// \return `bad_descriptor` if it is closed, `not_registered` if it is another file.
  [[nodiscard]] std::error_code confirm(int fd, const DescriptorInfo& admitted) noexcept;

  /// Undoes `admit`. The number may be closed by now.
  void forget(int fd, const DescriptorInfo& admitted) noexcept;

  /// Gives up the descriptor without closing it, in a child by fork.
  void abandon() noexcept { static_cast<void>(set_.release()); }

 private:
  [[nodiscard]] std::error_code open_set() noexcept;

  /// A kernel's own set of registrations, that nobody waits on. Opened when first needed.
  UniqueFd set_;
};

}  // namespace polymux
