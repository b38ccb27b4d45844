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
/// \addtogroup registry
/// \{

struct BackendInfo;

namespace detail {
struct BackendAccess;
}

/// Names one backend that this library was built with. Cheap to copy, always valid.
class POLYMUX_API BackendId {
 public:
  /// \return What it is called: `epoll`. Valid for ever.
  [[nodiscard]] std::string_view name() const noexcept;

  /// \return True if both name the same backend.
  friend constexpr bool operator==(BackendId, BackendId) = default;

 private:
  friend struct detail::BackendAccess;

  explicit constexpr BackendId(const BackendInfo& info) noexcept : info_(&info) {}

  const BackendInfo* info_;
};

/// One backend as this system has it.
struct BackendStatus {
  /// What it is called, and opened by: `epoll`.
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

  /// \return True if it can be opened here.
  [[nodiscard]] bool is_available() const noexcept { return reason.empty(); }
};

/// A poller, or why there is none.
struct OpenResult {
  /// Null if it failed.
  std::unique_ptr<Poller> poller;
  /// Name of the backend that was opened or asked for.
  std::string backend;
  /// As `open_poller` says; none on success.
  std::error_code error{};
  /// For people: what was wrong, and which backends can be used instead. Empty on success.
  std::string message;

  /// \return True if there is a poller.
  [[nodiscard]] explicit operator bool() const noexcept { return poller != nullptr; }
};

/// Whether a descriptor can be waited for.
struct Waitable {
  /// What `Poller::add` says of it, or `open_poller` of the backend; none if it can be waited for.
  std::error_code error{};
  /// For people; empty if it can be waited for.
  std::string message;

  /// \return True if it can be waited for.
  [[nodiscard]] explicit operator bool() const noexcept { return !error; }
};

/// The environment variable that `open_poller()` obeys: the name of a backend. Empty is as unset.
inline constexpr const char* backend_variable = "POLYMUX_BACKEND";

/// Every backend that polymux knows, the best first: what each can do, and why one is missing.
///
/// Asks the system anew at each call. Any thread; may throw `std::bad_alloc`, as all of this
/// header.
///
/// \return Also those that cannot be used here, and those that the library was built without.
[[nodiscard]] POLYMUX_API std::vector<BackendStatus> available_backends();

/// Opens the backend of that name. Never another one.
///
/// \param backend   Its name, as `epoll`.
/// \param required  What it has to be able to do.
/// \return On failure `unknown_backend`, `backend_unavailable`, `not_supported` (a requirement is
///         not met) or the system's own code, with a message that lists what can be had.
[[nodiscard]] POLYMUX_API OpenResult open_poller(std::string_view backend,
                                                 const Requirements& required = {});

/// As above, for an id from `available_backends()`.
///
/// \param backend   Its id, `BackendStatus::id`.
/// \param required  What it has to be able to do.
/// \return As above; never `unknown_backend`.
[[nodiscard]] POLYMUX_API OpenResult open_poller(BackendId backend,
                                                 const Requirements& required = {});

/// Opens the backend that `POLYMUX_BACKEND` names or, where it is not set, the best one that works
/// here and meets the requirements.
///
/// \param required  What it has to be able to do.
/// \return As above. A name in the environment that is wrong is an error, and no other is opened.
[[nodiscard]] POLYMUX_API OpenResult open_poller(const Requirements& required = {});

/// Says, with a reason, whether `backend` can wait for `fd` with this interest: `add` is tried on a
/// poller of its own, and undone.
///
/// \param fd        An open descriptor. It is not read, written or closed.
/// \param backend   The id of the backend, `BackendStatus::id`.
/// \param interest  What would be waited for.
/// \return Whether it can, or why not.
[[nodiscard]] POLYMUX_API Waitable waitable(int fd, BackendId backend,
                                            Interest interest = Interest::none);
/// As above, by the name of the backend.
///
/// \param fd        An open descriptor. It is not read, written or closed.
/// \param backend   The name of the backend, as `epoll`.
/// \param interest  What would be waited for.
/// \return Whether it can, or why not.
[[nodiscard]] POLYMUX_API Waitable waitable(int fd, std::string_view backend,
                                            Interest interest = Interest::none);

/// \}
}  // namespace polymux
