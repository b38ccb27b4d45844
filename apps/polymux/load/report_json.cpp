#include <nlohmann/json.hpp>

#include "choose_io.hpp"
#include "report.hpp"

namespace load {
namespace {

using nlohmann::ordered_json;

// Counted up when a reader of the form before would misread it.
constexpr int form = 1;

ordered_json to_json(const FailureCounts& counts) {
  ordered_json json;
  for (std::size_t kind = 0; kind < failure_count; ++kind) {
    json[name_of(static_cast<Failure>(kind))] = counts[kind];
  }
  return json;
}

ordered_json to_json(const Histogram& histogram) {
  if (histogram.is_empty()) return nullptr;
  ordered_json json;
  json["count"] = histogram.count();
  json["min"] = histogram.min();
  json["mean"] = static_cast<std::uint64_t>(histogram.mean());
  json["p50"] = histogram.value_at(50);
  json["p90"] = histogram.value_at(90);
  json["p99"] = histogram.value_at(99);
  json["p99_9"] = histogram.value_at(99.9);
  json["max"] = histogram.max();
  return json;
}

template <class Value>
ordered_json or_null(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

double in_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

ordered_json to_json(const Options& options, const Result& result) {
  ordered_json json;
  json["target"] = options.target;
  json["address"] = result.address;
  json["transport"] = options.is_udp ? "udp" : result.address.starts_with("unix:") ? "unix" : "tcp";
  json["backend"] = result.backend;
  json["io"] = name_of(result.io);
  json["threads"] = result.threads;
  json["connections"] = options.connections;
  json["idle"] = options.idle;
  json["size"] = {{"least", options.sizes.least}, {"greatest", options.sizes.greatest}};
  json["depth"] = options.depth;
  json["rate"] = or_null(options.rate);
  json["reconnect"] = options.reconnects;
  json["duration_seconds"] =
      options.duration ? ordered_json(in_seconds(*options.duration)) : ordered_json(nullptr);
  json["requests"] = or_null(options.requests);
  json["timeout_seconds"] = in_seconds(options.timeout);
  json["seed"] = options.seed;
  return json;
}

ordered_json requests_of(const Tally& tally) {
  ordered_json json;
  json["asked"] = tally.asked;
  json["answered"] = tally.answered;
  json["answered_in_time"] = tally.answered_in_time;
  json["unsent"] = tally.unsent;
  json["failed"] = to_json(tally.failures);
  json["late"] = tally.late;
  json["strays"] = tally.strays;
  return json;
}

ordered_json connections_of(const Tally& tally) {
  ordered_json json;
  json["opened"] = tally.connections_opened;
  json["failed"] = to_json(tally.connection_failures);
  json["lost"] = to_json(tally.connection_losses);
  json["idle_opened"] = tally.idle_opened;
  json["idle_kept"] = tally.idle_kept;
  return json;
}

ordered_json first_wrong_of(const Tally& tally) {
  if (!tally.first_wrong) return nullptr;
  const auto& wrong = *tally.first_wrong;
  ordered_json json;
  json["connection"] = wrong.connection;
  json["position"] = wrong.position;
  json["expected"] = wrong.is_surplus ? ordered_json(nullptr) : ordered_json(wrong.expected);
  json["got"] = wrong.got;
  return json;
}

double rate_of(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

}  // namespace

std::string as_json(const Options& options, const Result& result, const std::string& version) {
  const auto& tally = result.tally;
  ordered_json json;
  json["form"] = form;
  json["polymux"] = version;
  json["asked_for"] = to_json(options, result);
  json["seconds"] = result.seconds;
  json["interrupted"] = result.was_interrupted;
  json["requests"] = requests_of(tally);
  json["requests_per_second"] = rate_of(tally.answered_in_time, result.seconds);
  json["bytes_sent"] = tally.bytes_sent;
  json["bytes_received"] = tally.bytes_received;
  json["bytes_received_per_second"] = rate_of(tally.bytes_received_in_time, result.seconds);
  json["connections"] = connections_of(tally);
  json["latency_ns"] = to_json(result.latency);
  json["lateness_ns"] = to_json(result.lag);
  json["cpu_seconds"] = result.cpu_seconds;
  json["cpu_share"] = result.cpu_share;
  json["first_wrong"] = first_wrong_of(tally);
  json["complaints"] = complaints(options, result);
  return json.dump(2) + "\n";
}

}  // namespace load
