#pragma once

#include <span>

#include <polymux/export.hpp>

namespace polymux {
/// \addtogroup service
/// \{

/// What a server does with the bytes of its clients. It knows no connection: bytes in, bytes out.
class POLYMUX_API Service {
 public:
  /// For those who derive from it.
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// After the last server that uses it.
  virtual ~Service() = default;

  /// Answers what a client has sent. The stream comes in pieces of any size, none of them empty;
  /// whoever calls sends the answers of one client in the order of its pieces.
  ///
  /// \param bytes  The caller's; may be overwritten, so that an answer can be made in place.
  /// \return The answer: `bytes`, a part of it, or memory of the service that stays as it is until
  ///         the next call. May be empty.
  /// \par Threads  One at a time, unless the service says otherwise.
  [[nodiscard]] virtual std::span<const char> answer(std::span<char> bytes) noexcept = 0;
};

/// \}
}  // namespace polymux
