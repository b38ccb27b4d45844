#pragma once

#include <span>

#include <polymux/export.hpp>
#include <polymux/service/service.hpp>

namespace polymux {
/// \addtogroup service
/// \{

/// Answers each byte in upper case, as toupper(3) does in locale "C": `a` to `z` become `A` to `Z`,
/// all else stays as it is.
///
/// \par Threads  Any number at a time; it has no state.
class POLYMUX_API ToupperService final : public Service {
 public:
  /// Transforms in place.
  ///
  /// \param bytes  Are overwritten.
  /// \return `bytes`.
  [[nodiscard]] std::span<const char> answer(std::span<char> bytes) noexcept override;
};

/// \}
}  // namespace polymux
