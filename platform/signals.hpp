#pragma once

#include <memory>
#include <system_error>

namespace polymux {

/// Greatest signal number that can be watched; the real-time signals of Linux and the BSDs are
/// below it.
inline constexpr int greatest_signal = 127;

/// A handler in place of what a signal did before, which comes back with the destructor.
///
/// \par Threads  Signal dispositions are the process's: whoever installs must hold one lock.
class SignalHandler {
 public:
  using Function = void (*)(int);

  SignalHandler() noexcept;
  SignalHandler(const SignalHandler&) = delete;
  SignalHandler& operator=(const SignalHandler&) = delete;
  ~SignalHandler();

  /// Installs `function`, with SA_RESTART, so that it disturbs blocking calls as little as may be.
  ///
  /// \return `invalid_argument` for what is no signal or cannot be caught (sigaction(2)).
  [[nodiscard]] std::error_code install(int signal_number, Function function) noexcept;

 private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

}  // namespace polymux
