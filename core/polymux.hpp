#pragma once

/// Everything that polymux offers.

#include <polymux/coroutine/awaitable_fd.hpp>
#include <polymux/coroutine/sleep.hpp>
#include <polymux/coroutine/spawn.hpp>
#include <polymux/coroutine/task.hpp>
#include <polymux/export.hpp>
#include <polymux/loop/event_loop.hpp>
#include <polymux/loop/signal_watch.hpp>
#include <polymux/loop/timer.hpp>
#include <polymux/loop/watcher.hpp>
#include <polymux/models/completion_manager.hpp>
#include <polymux/models/server_model.hpp>
#include <polymux/poller/capabilities.hpp>
#include <polymux/poller/error.hpp>
#include <polymux/poller/event.hpp>
#include <polymux/poller/flags.hpp>
#include <polymux/poller/poller.hpp>
#include <polymux/poller/registry.hpp>
#include <polymux/service/connection_manager.hpp>
#include <polymux/service/connection_options.hpp>
#include <polymux/service/service.hpp>
#include <polymux/service/toupper_service.hpp>
#include <polymux/version.hpp>
