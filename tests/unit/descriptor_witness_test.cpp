#include "platform/descriptor_witness.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include <polymux/poller/error.hpp>

namespace polymux {
namespace {

DescriptorInfo info_of(int fd) {
  DescriptorInfo info;
  EXPECT_FALSE(describe(fd, info));
  return info;
}

UniqueFd open_socket() {
  return UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
}

class DescriptorWitnessTest : public ::testing::Test {
 protected:
  DescriptorWitness witness;
};

TEST_F(DescriptorWitnessTest, DescribesWhatADescriptorIsOpenFor) {
  const UniqueFd reader(::open("/dev/null", O_RDONLY));
  const UniqueFd writer(::open("/dev/null", O_WRONLY));
  const auto both = open_socket();

  EXPECT_TRUE(info_of(reader.get()).can_read);
  EXPECT_FALSE(info_of(reader.get()).can_write);
  EXPECT_FALSE(info_of(writer.get()).can_read);
  EXPECT_TRUE(info_of(writer.get()).can_write);
  EXPECT_TRUE(info_of(both.get()).can_read);
  EXPECT_TRUE(info_of(both.get()).can_write);
  EXPECT_TRUE(info_of(both.get()).is_socket);
}

TEST_F(DescriptorWitnessTest, ClosedNumberIsNotDescribed) {
  DescriptorInfo info;

  EXPECT_EQ(describe(-1, info), Errc::bad_descriptor);
  EXPECT_EQ(describe(100'000, info), Errc::bad_descriptor);
}

TEST_F(DescriptorWitnessTest, SameFileAgainIsAlreadyRegistered) {
  UniqueFd read_end;
  UniqueFd write_end;
  ASSERT_FALSE(open_pipe(read_end, write_end));
  const auto socket = open_socket();
  for (const int fd : {read_end.get(), socket.get()}) {
    const auto info = info_of(fd);
    ASSERT_FALSE(witness.admit(fd, info, nullptr));

    EXPECT_EQ(witness.admit(fd, info, &info), Errc::already_registered);
    EXPECT_FALSE(witness.confirm(fd, info));
  }
}

TEST_F(DescriptorWitnessTest, AnotherFileUnderTheNumberIsFoundOut) {
  auto socket = open_socket();
  const int number = socket.get();
  const auto before = info_of(number);
  ASSERT_FALSE(witness.admit(number, before, nullptr));

  ASSERT_EQ(::dup2(open_socket().get(), number), number);

  EXPECT_EQ(witness.confirm(number, before), Errc::not_registered);
  EXPECT_FALSE(witness.admit(number, info_of(number), &before));
}

TEST_F(DescriptorWitnessTest, ReopenedFifoIsAnotherFileThoughItsInodeIsTheSame) {
  const auto path = ::testing::TempDir() + "polymux_witness_fifo_" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  UniqueFd fifo(::open(path.c_str(), O_RDWR | O_NONBLOCK));
  const int number = fifo.get();
  const auto before = info_of(number);
  ASSERT_FALSE(witness.admit(number, before, nullptr));

  fifo.reset();
  fifo.reset(::open(path.c_str(), O_RDWR | O_NONBLOCK));
  ::unlink(path.c_str());
  ASSERT_EQ(fifo.get(), number);

  EXPECT_EQ(witness.confirm(number, before), Errc::not_registered);
  EXPECT_FALSE(witness.admit(number, info_of(number), &before));
}

TEST_F(DescriptorWitnessTest, ClosedNumberIsFoundOut) {
  auto socket = open_socket();
  UniqueFd read_end;
  UniqueFd write_end;
  ASSERT_FALSE(open_pipe(read_end, write_end));
  for (auto* fd : {&socket, &read_end}) {
    const int number = fd->get();
    const auto info = info_of(number);
    ASSERT_FALSE(witness.admit(number, info, nullptr));

    fd->reset();

    EXPECT_EQ(witness.confirm(number, info), Errc::bad_descriptor);
    witness.forget(number, info);
  }
}

TEST_F(DescriptorWitnessTest, FilesWithoutReadinessAreRefused) {
  for (const char* path : {"/dev/null", "/dev/zero", "/", "/bin/sh"}) {
    const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(fd) << path;

    EXPECT_EQ(witness.admit(fd.get(), info_of(fd.get()), nullptr), Errc::not_pollable) << path;
  }
}

TEST_F(DescriptorWitnessTest, ForgottenFileThatADuplicateKeptIsAdmittedAgain) {
  UniqueFd read_end;
  UniqueFd write_end;
  ASSERT_FALSE(open_pipe(read_end, write_end));
  const int number = read_end.get();
  const auto info = info_of(number);
  ASSERT_FALSE(witness.admit(number, info, nullptr));
  const UniqueFd duplicate(::dup(number));
  read_end.reset();
  witness.forget(number, info);

  ASSERT_EQ(::dup2(duplicate.get(), number), number);
  const UniqueFd again(number);

  EXPECT_FALSE(witness.admit(number, info, nullptr));
}

}  // namespace
}  // namespace polymux
