#pragma once

#include <chrono>

namespace load {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using std::chrono::nanoseconds;

}  // namespace load
