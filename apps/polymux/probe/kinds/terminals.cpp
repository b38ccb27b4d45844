#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <utility>

#include "apps/polymux/probe/kind.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "making.hpp"
#include "steps.hpp"

namespace probe {
namespace {

struct Terminal {
  Descriptor master;
  Descriptor slave;
};

Descriptor open_master() {
  auto master = taken(::posix_openpt(O_RDWR | O_NOCTTY), "posix_openpt");
  check(::grantpt(master.get()), "grantpt");
  check(::unlockpt(master.get()), "unlockpt");
  return master;
}

// Raw: what is written is what is read. Else by lines, without echo.
void set_mode(int slave, bool is_raw) {
  termios mode{};
  check(::tcgetattr(slave, &mode), "tcgetattr");
  if (is_raw) {
    mode.c_iflag = 0;
    mode.c_oflag = 0;
    mode.c_lflag = 0;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
  } else {
    mode.c_lflag = ICANON;
  }
  check(::tcsetattr(slave, TCSANOW, &mode), "tcsetattr");
}

Terminal open_terminal(bool is_raw) {
  auto master = open_master();
  const char* const name = ::ptsname(master.get());
  if (name == nullptr) throw SystemFailure("ptsname");
  auto slave = taken(::open(name, O_RDWR | O_NOCTTY), "open of the terminal");
  set_mode(slave.get(), is_raw);
  return {std::move(master), std::move(slave)};
}

Subject master_alone() {
  return Subject(open_master());
}

Subject master() {
  auto terminal = open_terminal(true);
  return Subject(std::move(terminal.master), std::move(terminal.slave));
}

Subject slave() {
  auto terminal = open_terminal(true);
  return Subject(std::move(terminal.slave), std::move(terminal.master));
}

Subject slave_with_lines() {
  auto terminal = open_terminal(false);
  return Subject(std::move(terminal.slave), std::move(terminal.master));
}

// No wait: that it may stay silent is the question.
void far_writes_part_of_line(Subject& subject) {
  if (::write(subject.far(), "x", 1) != 1) throw SystemFailure("write");
}

constexpr Case master_cases[] = {
    {"never-opened", master_alone},      {"idle", master},
    {"data", master, far_writes},        {"full", master, near_fills},
    {"peer-closed", master, far_closes}, {"data-peer-closed", master, far_writes_and_closes},
};

constexpr Case slave_cases[] = {
    {"idle", slave},
    {"data", slave, far_writes},
    {"partial-line", slave_with_lines, far_writes_part_of_line},
    {"full", slave, near_fills},
    {"peer-closed", slave, far_closes},
    {"data-peer-closed", slave, far_writes_and_closes},
};

}  // namespace

extern const Making pty_master_making;
extern const Making pty_slave_making;
const Making pty_master_making{master_cases};
const Making pty_slave_making{slave_cases};

}  // namespace probe
