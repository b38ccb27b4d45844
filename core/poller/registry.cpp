#include <polymux/poller/registry.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "core/poller/backend_info.hpp"

// Defines POLYMUX_BACKENDS and POLYMUX_MISSING_BACKENDS: this file alone knows which there are.
#include "backend_list.hpp"

namespace polymux {

#define X(name) extern const BackendInfo name##_backend;
POLYMUX_BACKENDS
#undef X

namespace detail {

/// What an id stands for: of the registry alone.
struct BackendAccess {
  static BackendId id_of(const BackendInfo& info) noexcept { return BackendId(info); }
  static const BackendInfo& info_of(BackendId id) noexcept { return *id.info_; }
};

}  // namespace detail

namespace {

struct MissingBackend {
  std::string_view name;
  std::string_view reason;
};

const std::vector<const BackendInfo*>& built_backends() {
  static const auto sorted = [] {
    std::vector<const BackendInfo*> all{
#define X(name) &name##_backend,
        POLYMUX_BACKENDS
#undef X
    };
    std::ranges::stable_sort(all, std::ranges::greater{}, &BackendInfo::preference);
    return all;
  }();
  return sorted;
}

const std::vector<MissingBackend>& missing_backends() {
  static const std::vector<MissingBackend> all{
#define X(name, reason) MissingBackend{#name, reason},
      POLYMUX_MISSING_BACKENDS
#undef X
  };
  return all;
}

bool is_by_name_only(const BackendInfo& info) {
  return info.preference < 0;
}

BackendStatus status_of(const BackendInfo& info) {
  BackendStatus status{
      .name = info.name, .summary = info.summary, .capabilities = {}, .reason = {}, .id = {}};
  status.is_by_name_only = is_by_name_only(info);
  status.id = detail::BackendAccess::id_of(info);
  std::error_code error;
  if (const auto poller = info.open(error)) {
    status.capabilities = poller->capabilities();
  } else {
    status.reason = error.message();
  }
  return status;
}

std::string what_can_be_had() {
  std::string available;
  std::string unavailable;
  for (const auto& status : available_backends()) {
    auto& list = status.is_available() ? available : unavailable;
    if (!list.empty()) list += ", ";
    list += status.name;
    if (!status.is_available()) list.append(" (").append(status.reason).append(")");
  }
  auto text = "available here: " + (available.empty() ? std::string("none") : available);
  if (!unavailable.empty()) text += "; not available: " + unavailable;
  return text;
}

OpenResult refuse(std::string_view backend, std::error_code error, const std::string& what) {
  return {.poller = nullptr,
          .backend = std::string(backend),
          .error = error,
          .message = what + "; " + what_can_be_had()};
}

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

}  // namespace

std::string_view BackendId::name() const noexcept {
  return info_->name;
}

std::vector<BackendStatus> available_backends() {
  std::vector<BackendStatus> all;
  bool has_default = false;
  for (const auto* info : built_backends()) {
    all.push_back(status_of(*info));
    auto& status = all.back();
    status.is_default = !has_default && status.is_available() && !status.is_by_name_only;
    has_default = has_default || status.is_default;
  }
  for (const auto& [name, reason] : missing_backends()) {
    all.push_back({.name = name,
                   .summary = {},
                   .capabilities = {},
                   .reason = "not built: " + std::string(reason),
                   .id = {}});
  }
  return all;
}

OpenResult open_poller(BackendId backend, const Requirements& required) {
  const auto name = backend.name();
  std::error_code error;
  auto poller = detail::BackendAccess::info_of(backend).open(error);
  if (!poller) {
    return refuse(name, error, "backend " + quoted(name) + " cannot be opened: " + error.message());
  }
  if (const auto lacks = missing(required, poller->capabilities()); !lacks.empty()) {
    return refuse(name, Errc::not_supported,
                  "backend " + quoted(name) + " lacks what is required: " + lacks);
  }
  return {.poller = std::move(poller), .backend = std::string(name), .error = {}, .message = {}};
}

OpenResult open_poller(std::string_view backend, const Requirements& required) {
  for (const auto* info : built_backends()) {
    if (info->name == backend) return open_poller(detail::BackendAccess::id_of(*info), required);
  }
  for (const auto& [name, reason] : missing_backends()) {
    if (name != backend) continue;
    return refuse(name, Errc::backend_unavailable,
                  "backend " + quoted(name) + " is not built: " + std::string(reason));
  }
  return refuse(backend, Errc::unknown_backend, "there is no backend " + quoted(backend));
}

OpenResult open_poller(const Requirements& required) {
  if (const char* chosen = std::getenv(backend_variable); chosen != nullptr && *chosen != '\0') {
    auto opened = open_poller(std::string_view(chosen), required);
    if (!opened) opened.message = std::string(backend_variable) + ": " + opened.message;
    return opened;
  }
  for (const auto* info : built_backends()) {
    if (is_by_name_only(*info)) continue;
    if (auto opened = open_poller(detail::BackendAccess::id_of(*info), required)) return opened;
  }
  return refuse({}, Errc::backend_unavailable, "no backend works here that has what is required");
}

Waitable waitable(int fd, BackendId backend, Interest interest) {
  // A number that is closed may be taken by the very poller that is asked, which then says anything
  // of it. So two are asked, the second with other numbers than the first, and each after all
  // before it are gone: one of them finds it closed.
  auto asked = open_poller(backend);
  Waitable answer;
  for (int round = 0; round < 2 && asked; ++round) {
    auto next = open_poller(backend);
    asked = std::move(next);
    if (!asked) break;
    const auto error = asked.poller->add(fd, Token{}, interest);
    answer = {.error = error, .message = error ? error.message() : std::string()};
    if (error == Errc::bad_descriptor) break;
  }
  return asked ? answer : Waitable{.error = asked.error, .message = asked.message};
}

Waitable waitable(int fd, std::string_view backend, Interest interest) {
  for (const auto* info : built_backends()) {
    if (info->name == backend) return waitable(fd, detail::BackendAccess::id_of(*info), interest);
  }
  const auto refused = open_poller(backend);
  return {.error = refused.error, .message = refused.message};
}

}  // namespace polymux
