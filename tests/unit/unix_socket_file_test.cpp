#include "platform/unix_socket_file.hpp"

#include <gtest/gtest.h>

#include "socket_fixture.hpp"

namespace polymux {
namespace {

/// A socket that is bound to a file and, if wanted, listens.
UniqueFd bind_file(const std::string& path, bool listens) {
  const auto address = SocketAddress::of_unix({.kind = Endpoint::Kind::unix_file, .host = path});
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_EQ(::bind(socket.get(), address.get(), address.length()), 0);
  if (listens) {
    EXPECT_EQ(::listen(socket.get(), 8), 0);
  }
  return socket;
}

void make_file(const std::string& path) {
  EXPECT_TRUE(UniqueFd(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600)));
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

TEST(UnixSocketFile, IsRemovedOnceByItsLastOwner) {
  const TemporaryFolder folder;
  const auto socket = bind_file(folder.file(), true);
  UnixSocketFile file;
  ASSERT_FALSE(file.own(folder.file()));

  {
    const auto owner = std::move(file);
    file.remove();
    EXPECT_TRUE(exists(folder.file()));
  }

  EXPECT_FALSE(exists(folder.file()));
}

TEST(UnixSocketFile, AnothersIsLeftAlone) {
  const TemporaryFolder folder;
  const auto socket = bind_file(folder.file(), true);
  UnixSocketFile file;
  ASSERT_FALSE(file.own(folder.file()));
  ::unlink(folder.file().c_str());
  make_file(folder.file());

  file.remove();

  EXPECT_TRUE(exists(folder.file()));
}

TEST(UnixSocketFile, NothingToOwnIsAnError) {
  UnixSocketFile file;

  EXPECT_EQ(file.own("/no/such/file"), std::errc::no_such_file_or_directory);
}

TEST(UnixSocketFile, DeadServersFileIsRemoved) {
  const TemporaryFolder folder;
  bind_file(folder.file(), true).reset();

  EXPECT_FALSE(remove_stale_socket(folder.file()));

  EXPECT_FALSE(exists(folder.file()));
}

TEST(UnixSocketFile, LivingServersFileIsNot) {
  const TemporaryFolder folder;
  const auto socket = bind_file(folder.file(), true);

  EXPECT_EQ(remove_stale_socket(folder.file()), std::errc::address_in_use);

  EXPECT_TRUE(exists(folder.file()));
}

TEST(UnixSocketFile, WhatIsNoSocketIsNot) {
  const TemporaryFolder folder;
  make_file(folder.file());

  EXPECT_EQ(remove_stale_socket(folder.file()), std::errc::file_exists);

  EXPECT_TRUE(exists(folder.file()));
}

}  // namespace
}  // namespace polymux
