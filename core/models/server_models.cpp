#include <algorithm>
#include <array>

#include <polymux/models/server_model.hpp>

namespace polymux {

extern const ServerModel iterative_model;
extern const ServerModel busy_poll_model;
extern const ServerModel fork_model;
extern const ServerModel process_pool_model;
extern const ServerModel thread_model;
extern const ServerModel thread_pool_model;
extern const ServerModel reactor_model;
extern const ServerModel reactor_workers_model;
extern const ServerModel multi_reactor_model;
extern const ServerModel prefork_reactor_model;
extern const ServerModel proactor_model;
extern const ServerModel coroutine_model;
extern const ServerModel udp_model;

namespace {

// One a line, so that models can be added side by side.
// clang-format off
constexpr std::array all{
    &iterative_model,
    &busy_poll_model,
    &fork_model,
    &process_pool_model,
    &thread_model,
    &thread_pool_model,
    &reactor_model,
    &reactor_workers_model,
    &multi_reactor_model,
    &prefork_reactor_model,
    &proactor_model,
    &coroutine_model,
    &udp_model,
};
// clang-format on

}  // namespace

std::span<const ServerModel* const> server_models() noexcept {
  return all;
}

const ServerModel* find_server_model(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(all, name, &ServerModel::name);
  return found != all.end() ? *found : nullptr;
}

}  // namespace polymux
