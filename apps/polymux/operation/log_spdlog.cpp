#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "apps/polymux/operation/log.hpp"

namespace operation {
namespace {

spdlog::level::level_enum level_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

// The message is a string of JSON by then, which no pattern can make of it.
constexpr const char* json_line =
    R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","pid":%P,"message":%v})";

// Bytes that are no UTF-8 are replaced, rather than that the line is lost.
std::string as_json(const std::string& message) {
  return nlohmann::json(message).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

struct Log::Sink {
  explicit Sink(LogFormat chosen)
      : format(chosen), logger("polymux", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
    const bool is_json = format == LogFormat::json;
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        is_json ? json_line : "polymux: %v", spdlog::pattern_time_type::utc, "\n"));
  }

  LogFormat format;
  spdlog::logger logger;
};

Log::Log(LogLevel least, LogFormat format) : least_(least), sink_(std::make_unique<Sink>(format)) {}

Log::~Log() = default;

void Log::write_always(LogLevel level, std::string_view message) noexcept {
  try {
    const auto line = in_one_line(message);
    sink_->logger.log(
        level_of(level),
        spdlog::string_view_t(sink_->format == LogFormat::json ? as_json(line) : line));
  } catch (const std::exception&) {
    // Where it goes is all that could be told of a failure.
  }
}

std::string Log::why_not(LogFormat /*format*/) {
  return {};
}

}  // namespace operation
