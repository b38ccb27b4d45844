#pragma once

#include <string>
#include <vector>

#include "support/run.hpp"

namespace bench::hand {

void chain_epoll(Run& run);
void chain_poll(Run& run);
void chain_select(Run& run);
void serve_epoll(Run& run);
void serve_poll(Run& run);
void serve_select(Run& run);

void add_remove(Run& run);
void modify(Run& run);
void timers(Run& run);
void timer_memory(Run& run);
void post(Run& run);
void ping(Run& run);
void upper_case_loop(Run& run);

/// Null where liburing was not found.
extern void (*const chain_io_uring)(Run& run);
extern void (*const serve_io_uring)(Run& run);
/// Whether the system lets us.
[[nodiscard]] bool has_io_uring();

}  // namespace bench::hand
