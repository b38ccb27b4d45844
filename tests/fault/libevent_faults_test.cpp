// What the libevent backend, which has its memory from us, makes of a want of it.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

#include <polymux/polymux.hpp>

#include "tests/fault/fault_test.hpp"
#include "tests/support/descriptors.hpp"
#include "tests/support/poller_assertions.hpp"

namespace polymux::test {
namespace {

std::atomic<bool> is_libevent_starved{false};

void* allocate_for_libevent(std::size_t size) {
  return is_libevent_starved.load() ? nullptr : std::malloc(size);
}

// Looked for, since it need not be there. False if it is not.
bool feed_libevent() {
  using Feed = void(void* (*)(std::size_t), void* (*)(void*, std::size_t), void (*)(void*));
  static auto* const feed =
      reinterpret_cast<Feed*>(::dlsym(RTLD_DEFAULT, "event_set_mem_functions"));
  if (feed != nullptr) feed(allocate_for_libevent, std::realloc, std::free);
  return feed != nullptr;
}

TEST(LibeventFaults, AReusedNumberThatCannotBeTakenGivesNothingBackTwice) {
  if (!is_built("libevent") || !feed_libevent()) GTEST_SKIP() << "libevent is not there";
  auto poller = open("libevent");
  auto pair = socket_pair();
  auto reuser = socket_pair();
  const int number = pair.near.get();
  ASSERT_TRUE(succeeded(poller->add(number, Token{1}, Interest::read)));
  ASSERT_EQ(::dup2(reuser.near.get(), number), number);

  is_libevent_starved.store(true);
  const auto error = poller->add(number, Token{2}, Interest::read);
  is_libevent_starved.store(false);

  EXPECT_EQ(error, std::errc::not_enough_memory);
  EXPECT_TRUE(succeeded(poller->remove(number)));
  auto third = socket_pair();
  auto fourth = socket_pair();
  ASSERT_TRUE(succeeded(poller->add(third.near.get(), Token{3}, Interest::read)));
  ASSERT_TRUE(succeeded(poller->add(fourth.near.get(), Token{4}, Interest::read)));
  send(third.far, "x");
  send(fourth.far, "x");
  const auto waited = look(*poller);
  EXPECT_EQ(waited.ready(Token{3}), Ready::readable);
  EXPECT_EQ(waited.ready(Token{4}), Ready::readable);
}

}  // namespace
}  // namespace polymux::test
