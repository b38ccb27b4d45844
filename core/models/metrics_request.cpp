#include "core/models/metrics_request.hpp"

#include <algorithm>

namespace polymux {
namespace {

// An empty line, and a bare line feed counts as the end of a line (RFC 9112, 2.2).
bool has_end(std::string_view bytes) noexcept {
  return bytes.find("\r\n\r\n") != std::string_view::npos ||
         bytes.find("\n\n") != std::string_view::npos;
}

// A token (RFC 9110, 5.6.2), as far as any method that there is goes.
bool is_method(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_version(std::string_view text) noexcept {
  return text == "HTTP/1.1" || text == "HTTP/1.0";
}

MetricsRequest judge(std::string_view line) noexcept {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return MetricsRequest::malformed;
  const auto target = line.substr(first + 1, last - first - 1);
  const bool is_target = target.starts_with('/') && target.find(' ') == std::string_view::npos;
  const auto method = line.substr(0, first);
  if (!is_method(method) || !is_version(line.substr(last + 1))) return MetricsRequest::malformed;
  if (method != "GET") return MetricsRequest::not_allowed;
  if (!is_target) return MetricsRequest::malformed;
  const auto path = target.substr(0, target.find('?'));
  return path == "/metrics" ? MetricsRequest::metrics : MetricsRequest::not_found;
}

}  // namespace

MetricsRequest read_metrics_request(std::string_view bytes) noexcept {
  // Who does not begin as a request does is told so without having to end.
  const auto line_end = bytes.find('\n');
  if (line_end == std::string_view::npos) {
    return bytes.size() < longest_metrics_request ? MetricsRequest::unfinished
                                                  : MetricsRequest::too_long;
  }
  auto line = bytes.substr(0, line_end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto found = judge(line);
  if (found == MetricsRequest::malformed) return found;
  const auto head = bytes.substr(0, longest_metrics_request);
  if (has_end(head)) return found;
  return bytes.size() < longest_metrics_request ? MetricsRequest::unfinished
                                                : MetricsRequest::too_long;
}

}  // namespace polymux
