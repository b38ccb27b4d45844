#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include <polymux/poller/registry.hpp>

namespace polymux::test {

/// Sets the variable that chooses the backend, and puts it back.
class BackendVariable {
 public:
  explicit BackendVariable(const char* value) {
    if (const char* before = std::getenv(backend_variable)) saved_ = before;
    if (value != nullptr) {
      ::setenv(backend_variable, value, 1);
    } else {
      ::unsetenv(backend_variable);
    }
  }
  BackendVariable(const BackendVariable&) = delete;
  BackendVariable& operator=(const BackendVariable&) = delete;
  ~BackendVariable() {
    if (saved_) {
      ::setenv(backend_variable, saved_->c_str(), 1);
    } else {
      ::unsetenv(backend_variable);
    }
  }

 private:
  std::optional<std::string> saved_;
};

}  // namespace polymux::test
