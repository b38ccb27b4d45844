#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "console.hpp"
#include "probe/choose.hpp"
#include "probe/report.hpp"
#include "probe/terminal_width.hpp"

namespace {

struct ProbeOptions {
  probe::Names names;
  bool is_wide = false;
  bool is_markdown = false;
  bool is_json = false;
  bool wants_list = false;
};

std::string report(const probe::Survey& survey, const ProbeOptions& options) {
  if (options.is_json) return probe::as_json(survey, POLYMUX_VERSION);
  if (options.is_markdown) return probe::as_markdown(survey);
  return probe::as_table(survey, options.is_wide ? 0 : probe::terminal_width());
}

int show_probe(const ProbeOptions& options) {
  if (options.wants_list) return console::print(probe::list_of_names());
  try {
    return console::print(report(probe::survey(probe::choose(options.names)), options));
  } catch (const probe::UnknownName& unknown) {
    console::complain(unknown.what());
    return console::wrong_usage;
  }
}

constexpr const char* explanation =
    R"(Puts each kind of descriptor into each situation that it can be in, and asks each multiplexer of this
system about it. What is shown is the kernel's own answer: polymux and its rules have no part in it.

A multiplexer that keeps registrations is told of the descriptor first; then the situation comes
about; then it is asked, for everything that it can tell. kqueue-late is told afterwards.

  IN|RDHUP       flags, without their prefix: POLLIN|POLLRDHUP, EPOLLIN|EPOLLRDHUP
  read,write     of select: the sets that the descriptor is in
  READ+EOF       of kqueue: the filter, EV_EOF, and the error in fflags if there is one
  IN, then IN    of sigio: the si_band of each signal that came; of epoll-edge: of each report;
                 of a level-triggered one: the second look differs from the first
  nothing        not ready
  refused: EPERM the multiplexer does not take the descriptor
  failed: EBADF  the wait itself fails
  asked to read, asked for nothing
                 asked for POLLIN or EPOLLIN or EVFILT_READ alone, or for no event at all; a line is
                 there where that shows what the line above does not

RDNORM beside IN, and WRNORM and WRBAND beside OUT, are left out; --json has them. A whole run
takes some seconds. Sockets are those of the loopback device.

Exit code: 0, also where this system lacks something, for that is an answer; 1 if the answers cannot be
printed, 2 for wrong usage.)";

}  // namespace

void add_probe_command(CLI::App& app, Command& chosen) {
  auto* const command = app.add_subcommand(
      "probe", "Show what the multiplexers of this kernel say, without polymux in between");
  const auto options = std::make_shared<ProbeOptions>();
  auto& names = options->names;
  const auto add_names = [&](const char* name, std::vector<std::string>& values, const char* what) {
    command->add_option(name, values, what)->type_name("NAME")->allow_extra_args(false);
  };
  add_names("--kind", names.kinds, "Only this kind of descriptor; may be given more than once");
  add_names("--situation", names.situations, "Only this situation; may be given more than once");
  add_names("--multiplexer", names.multiplexers, "Only this one; may be given more than once");
  add_names("--interest", names.interests,
            "Only what is said if asked for: all, read or none; may be given more than once");
  command->add_flag("--list", options->wants_list, "List the names, and what they mean");
  auto* const wide =
      command->add_flag("--wide", options->is_wide, "One line a situation, as wide as it takes");
  auto* const markdown =
      command->add_flag("--markdown", options->is_markdown, "Print a table of Markdown");
  auto* const json =
      command->add_flag("--json", options->is_json,
                        "Print JSON; its form is stable (docs/schemas/probe.schema.json)");
  wide->excludes(markdown)->excludes(json);
  markdown->excludes(json);
  command->footer(explanation);
  command->callback([&chosen, options] { chosen = [options] { return show_probe(*options); }; });
}
