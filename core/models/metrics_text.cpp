#include "core/models/metrics_text.hpp"

#include <cmath>
#include <cstdio>
#include <span>
#include <string_view>

namespace polymux {
namespace {

enum class Kind { counter, gauge };

class Exposition {
 public:
  void family(std::string_view name, std::string_view kind, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help);
    text_.append("\n# TYPE ").append(name).append(" ").append(kind) += '\n';
  }

  void sample(std::string_view name, std::string_view label, const std::string& value) {
    text_.append(name).append(label).append(" ").append(value) += '\n';
  }

  void single(std::string_view name, Kind kind, std::string_view help, std::uint64_t value) {
    family(name, kind == Kind::counter ? "counter" : "gauge", help);
    sample(name, "", std::to_string(value));
  }

  /// \param unit  How many of the counts' unit make one of the family's.
  void histogram(const std::string& name, std::string_view help,
                 std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> counts,
                 std::uint64_t sum, double unit) {
    family(name, "histogram", help);
    std::uint64_t total = 0;
    for (std::size_t at = 0; at < counts.size(); ++at) {
      total += counts[at];
      const auto bound =
          at < bounds.size() ? decimal(static_cast<double>(bounds[at]) / unit) : "+Inf";
      sample(name + "_bucket", "{le=\"" + bound + "\"}", std::to_string(total));
    }
    sample(name + "_sum", "", decimal(static_cast<double>(sum) / unit));
    sample(name + "_count", "", std::to_string(total));
  }

  std::string take() { return std::move(text_); }

 private:
  static std::string decimal(double value) {
    char room[32];
    const int size = std::snprintf(room, sizeof room, "%.12g", value);
    return {room, static_cast<std::size_t>(size)};
  }

  std::string text_;
};

void add_connections(Exposition& out, const ConnectionCounters& now) {
  out.single("polymux_connections", Kind::gauge, "Connections that are open.", now.active);
  out.single("polymux_connections_accepted_total", Kind::counter,
             "Connections that were accepted and served.", now.accepted);
  out.single("polymux_connections_closed_total", Kind::counter, "Connections that were closed.",
             now.closed);
  constexpr std::string_view refused = "polymux_connections_refused_total";
  out.family(refused, "counter", "Connections that were closed at once, and why.");
  out.sample(refused, "{reason=\"limit\"}", std::to_string(now.refused_limit));
  out.sample(refused, "{reason=\"descriptors\"}", std::to_string(now.refused_descriptors));
  out.single("polymux_accept_errors_total", Kind::counter,
             "Connections that were lost while they were accepted, and failures to accept.",
             now.accept_errors);
  out.single("polymux_idle_timeouts_total", Kind::counter,
             "Connections that were closed because no byte moved for too long.", now.idle_timeouts);
  out.single("polymux_resets_total", Kind::counter, "Connections that were broken off.",
             now.resets);
}

void add_datagrams(Exposition& out, const ConnectionCounters& now) {
  out.single("polymux_received_datagrams_total", Kind::counter, "Datagrams that were received.",
             now.datagrams_in);
  out.single("polymux_sent_datagrams_total", Kind::counter, "Datagrams that were sent.",
             now.datagrams_out);
  out.single("polymux_dropped_datagrams_total", Kind::counter,
             "Datagrams that were not answered: too long, or the answer was not taken.",
             now.datagrams_dropped);
}

void add_loops(Exposition& out, const LoopTotals& loops) {
  constexpr double nanoseconds_per_second = 1e9;
  out.histogram("polymux_loop_turn_seconds",
                "Time from the end of a wait to the next one: who is ready waits for so long.",
                LoopBounds::turn, loops.turn_time.counts, loops.turn_time.sum,
                nanoseconds_per_second);
  out.histogram("polymux_loop_wait_events", "Events that a wait has found.", LoopBounds::events,
                loops.events.counts, loops.events.sum, 1);
}

}  // namespace

std::string to_exposition(const Metrics& metrics) {
  Exposition out;
  const auto& now = metrics.counters;
  if (metrics.are_datagrams) {
    add_datagrams(out, now);
  } else {
    add_connections(out, now);
  }
  out.single("polymux_received_bytes_total", Kind::counter, "Bytes that were received.",
             now.bytes_in);
  out.single("polymux_sent_bytes_total", Kind::counter, "Bytes that were sent.", now.bytes_out);
  out.single("polymux_backpressure_total", Kind::counter,
             "Times that reading stopped because answers were not taken.", now.backpressure);
  if (metrics.has_loops) add_loops(out, metrics.loops);
  return out.take();
}

}  // namespace polymux
