#include <array>
#include <cmath>
#include <utility>

#include "report.hpp"
#include "units.hpp"

namespace load {
namespace {

std::string per_second(double count, double seconds) {
  return seconds > 0 ? with_commas(static_cast<std::uint64_t>(std::llround(count / seconds))) : "0";
}

std::string plural(std::uint64_t count, const std::string& what) {
  return with_commas(count) + " " + what + (count == 1 ? "" : "s");
}

std::string describe(const FailureCounts& counts) {
  std::string text;
  for (std::size_t kind = 0; kind < failure_count; ++kind) {
    if (counts[kind] == 0) continue;
    text += (text.empty() ? "" : ", ") + with_commas(counts[kind]) + " " +
            name_of(static_cast<Failure>(kind));
  }
  return text;
}

std::string describe(const Histogram& histogram) {
  static constexpr std::array<std::pair<const char*, double>, 4> percentiles{
      {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}}};
  std::string text;
  for (const auto& [name, percent] : percentiles) {
    text += std::string(name) + " " + describe_nanoseconds(histogram.value_at(percent)) + "  ";
  }
  return text + "max " + describe_nanoseconds(histogram.max());
}

std::string line(const std::string& name, const std::string& text) {
  constexpr std::size_t width = 13;
  return "  " + name + std::string(width - name.size(), ' ') + text + "\n";
}

std::string requests_of(const Result& result) {
  const auto& tally = result.tally;
  auto text = with_commas(tally.answered) + " answered of " + with_commas(tally.asked) + " in " +
              fixed(result.seconds, 2) + " s, " +
              per_second(static_cast<double>(tally.answered_in_time), result.seconds) + " a second";
  if (tally.unsent > 0) text += "; " + with_commas(tally.unsent) + " more were due and never sent";
  return line("requests", text);
}

std::string bytes_of(const Result& result) {
  const auto& tally = result.tally;
  const auto rate =
      result.seconds > 0 ? static_cast<double>(tally.bytes_received_in_time) / result.seconds : 0;
  return line("bytes", describe_bytes(static_cast<double>(tally.bytes_sent)) + " sent, " +
                           describe_bytes(static_cast<double>(tally.bytes_received)) +
                           " received and compared, " + describe_bytes(rate) + "/s");
}

std::string failures_of(const Options& options, const Tally& tally) {
  const auto failed = describe(tally.failures);
  auto text = line("failures", failed.empty() ? "none" : failed);
  if (options.is_udp) {
    text += line("datagrams", with_commas(tally.late) + " late or twice, " +
                                  with_commas(tally.strays) + " stray");
  }
  return text;
}

std::string connections_of(const Options& options, const Tally& tally) {
  auto text = with_commas(tally.connections_opened) + " opened";
  const auto failed = describe(tally.connection_failures);
  const auto lost = describe(tally.connection_losses);
  if (!failed.empty()) text += "; failed: " + failed;
  if (!lost.empty()) text += "; lost: " + lost;
  if (options.idle > 0) {
    text += "; idle: " + with_commas(tally.idle_opened) + ", " + with_commas(tally.idle_kept) +
            " of them answered at the end too";
  }
  return line("connections", text);
}

std::string latency_of(const Options& options, const Result& result) {
  std::string text;
  if (!result.latency.is_empty()) {
    text = line("latency", describe(result.latency));
    text +=
        line("", options.rate ? "from the instant at which a request was due to its whole answer"
                              : "from sending a request to its whole answer");
  }
  if (!result.lag.is_empty()) {
    text += line("lateness", describe(result.lag) + " (this program's own)");
  }
  return text;
}

std::string cpu_of(const Result& result) {
  return line("CPU", fixed(result.cpu_seconds, 2) + " s of this process, " +
                         fixed(result.cpu_share * 100, 0) + " % of one processor");
}

std::string describe_ask(const Options& options) {
  const auto sizes = to_string(options.sizes);
  auto text = sizes + (sizes == "1" ? " byte" : " bytes") + " a request";
  text +=
      options.rate ? ", open loop of " + with_commas(*options.rate) + " a second" : ", closed loop";
  if (options.depth > 1) text += ", depth " + with_commas(options.depth);
  if (options.reconnects) text += ", a connection for each";
  return text + ", seed " + std::to_string(options.seed);
}

}  // namespace

std::string as_text(const Options& options, const Result& result) {
  auto text = std::string(options.is_udp ? "udp " : "") + result.address + ": " +
              plural(options.connections, "connection");
  if (options.idle > 0) text += " and " + with_commas(options.idle) + " idle";
  text += ", " + plural(result.threads, "thread") + " of " + result.backend +
          (result.io == Io::uring ? " and io_uring completions" : "") + "\n" +
          describe_ask(options) + "\n\n";
  text += requests_of(result) + bytes_of(result) + failures_of(options, result.tally) +
          connections_of(options, result.tally) + latency_of(options, result) + cpu_of(result);
  if (result.was_interrupted) text += "\nEnded early by a signal.\n";
  return text;
}

}  // namespace load
