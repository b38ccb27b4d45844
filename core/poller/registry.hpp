#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <polymux/export.hpp>
#include <polymux/poller/capabilities.hpp>
#include <polymux/poller/poller.hpp>

namespace polymux {

struct BackendInfo;

namespace detail {
struct BackendAccess;
}

/// Names one backend that this library was built with. Cheap to copy, always valid.
class POLYMUX_API BackendId {
 public:
  [[nodiscard]] std::string_view name() const noexcept;

  friend constexpr bool operator==(BackendId, BackendId) = default;

 private:
  friend struct detail::BackendAccess;

  explicit constexpr BackendId(const BackendInfo& info) noexcept : info_(&info) {}

  const BackendInfo* info_;
};

/// One backend as this system has it.
struct BackendStatus {
  std::string_view name;
  /// One line on what it is.
  std::string_view summary;
  /// What it can do here. Meaningless where it is not available.
  Capabilities capabilities;
  /// Empty if it can be used; else why not: not built, or what the system answered.
  std::string reason;
  /// Empty where the library was built without it.
  std::optional<BackendId> id;
  /// True for the one that `open_poller()` opens where nothing else is asked for.
  bool is_default = false;
  /// True if it is opened only where it is asked for by name, and never chosen.
  bool is_by_name_only = false;

  [[nodiscard]] bool is_available() const noexcept { return reason.empty(); }
};

/// A poller, or why there is none.
struct OpenResult {
  /// Null if it failed.
  std::unique_ptr<Poller> poller;
  /// Name of the backend that was opened or asked for.
  std::string backend;
  std::error_code error{};
  /// For people: what was wrong, and which backends can be used instead. Empty on success.
  std::string message;

  [[nodiscard]] explicit operator bool() const noexcept { return poller != nullptr; }
};

/// Whether a descriptor can be waited for.
struct Waitable {
  std::error_code error{};
  /// For people; empty if it can be waited for.
  std::string message;

  [[nodiscard]] explicit operator bool() const noexcept { return !error; }
};

/// The environment variable that `open_poller()` obeys: the name of a backend. Empty is as unset.
inline constexpr const char* backend_variable = "POLYMUX_BACKEND";

/// Every backend that polymux knows, the best first: what each can do, and why one is missing.
///
/// Asks the system anew at each call. Any thread; may throw `std::bad_alloc`, as all of this
/// header.
[[nodiscard]] POLYMUX_API std::vector<BackendStatus> available_backends();

/// Opens the backend of that name. Never another one.
///
/// \return On failure `unknown_backend`, `backend_unavailable`, `not_supported` (a requirement is
///         not met) or the system's own code, with a message that lists what can be had.
[[nodiscard]] POLYMUX_API OpenResult open_poller(std::string_view backend,
                                                 const Requirements& required = {});

/// As above, for an id from `available_backends()`.
[[nodiscard]] POLYMUX_API OpenResult open_poller(BackendId backend,
                                                 const Requirements& required = {});

/// Opens the backend that `POLYMUX_BACKEND` names or, where it is not set, the best one that works
/// here and meets the requirements.
[[nodiscard]] POLYMUX_API OpenResult open_poller(const Requirements& required = {});

/// Says, with a reason, whether `backend` can wait for `fd` with this interest: `add` is tried on a
/// poller of its own, and undone.
[[nodiscard]] POLYMUX_API Waitable waitable(int fd, BackendId backend,
                                            Interest interest = Interest::none);
[[nodiscard]] POLYMUX_API Waitable waitable(int fd, std::string_view backend,
                                            Interest interest = Interest::none);

}  // namespace polymux
