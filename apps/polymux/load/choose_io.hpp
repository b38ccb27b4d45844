#pragma once

#include <memory>
#include <string_view>
#include <system_error>

#include "options.hpp"
#include "platform/completion_ring.hpp"

namespace load {

/// As on the command line.
[[nodiscard]] std::string_view name_of(Io io) noexcept;

/// What was asked for, if it fits and this system has it, else `WrongUsage`; what is best here if
/// nothing was asked for.
[[nodiscard]] Io choose_io(const Options& options);

/// A ring for the connections of one thread, as `open_completion_ring`.
[[nodiscard]] std::unique_ptr<polymux::CompletionRing> open_ring_for(const Options& options,
                                                                     std::error_code& error);

}  // namespace load
