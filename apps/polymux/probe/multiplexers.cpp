#include "multiplexer.hpp"

namespace probe {

extern const Opening select_opening;
extern const Opening poll_opening;
extern const Opening epoll_opening;
extern const Opening epoll_edge_opening;
extern const Opening kqueue_opening;
extern const Opening kqueue_clear_opening;
extern const Opening sigio_opening;
extern const Opening io_uring_opening;

namespace {

constexpr Interest every_interest[] = {Interest::all, Interest::read, Interest::none};
// To ask select(2) or kevent(2) for nothing is not to ask.
constexpr Interest some_interest[] = {Interest::all, Interest::read};
// SIGIO takes no interest.
constexpr Interest no_choice[] = {Interest::all};

constexpr Multiplexer multiplexers[] = {
    {.name = "select",
     .summary = "select(2)",
     .opening = &select_opening,
     .interests = some_interest,
     .separator = ','},
    {.name = "poll", .summary = "poll(2)", .opening = &poll_opening, .interests = every_interest},
    {.name = "epoll",
     .summary = "epoll(7), level-triggered",
     .opening = &epoll_opening,
     .interests = every_interest},
    {.name = "epoll-edge",
     .summary = "epoll(7), edge-triggered (EPOLLET)",
     .opening = &epoll_edge_opening,
     .interests = every_interest,
     .telling = Telling::changes},
    {.name = "kqueue",
     .summary = "kqueue(2), level-triggered",
     .opening = &kqueue_opening,
     .interests = some_interest,
     .separator = ','},
    {.name = "kqueue-late",
     .summary = "kqueue(2), level-triggered, with filters that are added when it has happened",
     .opening = &kqueue_opening,
     .interests = some_interest,
     .is_told_late = true,
     .separator = ','},
    {.name = "kqueue-clear",
     .summary = "kqueue(2), edge-triggered (EV_CLEAR)",
     .opening = &kqueue_clear_opening,
     .interests = some_interest,
     .telling = Telling::changes,
     .separator = ','},
    {.name = "sigio",
     .summary = "signal-driven I/O (O_ASYNC): si_band of each signal where F_SETSIG is, else SIGIO",
     .opening = &sigio_opening,
     .interests = no_choice,
     .telling = Telling::queue},
    {.name = "io_uring",
     .summary = "io_uring(7), IORING_OP_POLL_ADD, one shot, and armed again for each look",
     .opening = &io_uring_opening,
     .interests = every_interest},
};

}  // namespace

std::span<const Multiplexer> all_multiplexers() noexcept {
  return multiplexers;
}

std::span<const Interest> all_interests() noexcept {
  return every_interest;
}

std::string_view to_string(Interest interest) noexcept {
  switch (interest) {
    case Interest::read:
      return "read";
    case Interest::none:
      return "none";
    case Interest::all:
      break;
  }
  return "all";
}

std::string_view to_string(Telling telling) noexcept {
  switch (telling) {
    case Telling::changes:
      return "changes";
    case Telling::queue:
      return "queue";
    case Telling::level:
      break;
  }
  return "level";
}

}  // namespace probe
