#pragma once

#include <memory>
#include <new>
#include <system_error>

#include <polymux/poller/capabilities.hpp>
#include <polymux/poller/poller.hpp>

namespace polymux {

/// Makes a poller in two steps, so that no constructor has to fail: `BackendInfo::open` of them
/// all.
template <class Backend>
[[nodiscard]] std::unique_ptr<Poller> open_backend(const Capabilities& capabilities,
                                                   std::error_code& error) noexcept {
  try {
    auto poller = std::make_unique<Backend>(capabilities);
    error = poller->open();
    if (error) return nullptr;
    return poller;
  } catch (const std::bad_alloc&) {
    error = std::make_error_code(std::errc::not_enough_memory);
    return nullptr;
  }
}

}  // namespace polymux
