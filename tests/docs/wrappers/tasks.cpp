#include <list>
#include <memory>
#include <utility>

#include <polymux/polymux.hpp>

polymux::Task<> converse(polymux::EventLoop& loop, int client);

// The block.
