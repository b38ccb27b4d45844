#include "apps/polymux/load/choose_io.hpp"

#include <gtest/gtest.h>

#include <string>

#include "apps/polymux/load/wrong_usage.hpp"
#include "tests/support/backend_variable.hpp"

namespace load {
namespace {

Options asking_for(Io io) {
  Options options;
  options.io = io;
  return options;
}

bool has_uring() {
  std::error_code error;
  return open_ring_for({}, error) != nullptr;
}

TEST(ChooseIo, ReadinessIsEverywhere) {
  auto options = asking_for(Io::readiness);
  EXPECT_EQ(choose_io(options), Io::readiness);
  options.is_udp = true;
  EXPECT_EQ(choose_io(options), Io::readiness);
}

TEST(ChooseIo, UringWhereThereIsOneElseTheReason) {
  const auto options = asking_for(Io::uring);
  if (has_uring()) {
    EXPECT_EQ(choose_io(options), Io::uring);
    return;
  }
  try {
    static_cast<void>(choose_io(options));
    FAIL() << "it was not refused";
  } catch (const WrongUsage& wrong) {
    EXPECT_NE(std::string(wrong.what()).find("--io uring cannot be used here: "),
              std::string::npos);
  }
}

TEST(ChooseIo, DatagramsHaveNoCompletions) {
  auto options = asking_for(Io::uring);
  options.is_udp = true;
  EXPECT_THROW(static_cast<void>(choose_io(options)), WrongUsage);
  options.io.reset();
  EXPECT_EQ(choose_io(options), Io::readiness);
}

TEST(ChooseIo, WhoNamesAMultiplexerGetsIt) {
  Options options;
  options.backend = "poll";
  EXPECT_EQ(choose_io(options), Io::readiness);
}

TEST(ChooseIo, WhoNamesAMultiplexerByTheEnvironmentGetsItToo) {
  Options options;
  options.connections = 16;
  const polymux::test::BackendVariable poll("poll");
  EXPECT_EQ(choose_io(options), Io::readiness);
}

TEST(ChooseIo, FewConnectionsOfAThreadAreNotWorthARing) {
  Options options;
  options.connections = 15;
  EXPECT_EQ(choose_io(options), Io::readiness);
  options.connections = 16;
  EXPECT_EQ(choose_io(options), has_uring() ? Io::uring : Io::readiness);
  options.threads = 2;
  EXPECT_EQ(choose_io(options), Io::readiness);
  options.io = Io::uring;
  if (has_uring()) {
    EXPECT_EQ(choose_io(options), Io::uring);
  }
}

TEST(ChooseIo, AConnectionForEachRequestIsNotWorthARing) {
  Options options;
  options.reconnects = true;
  EXPECT_EQ(choose_io(options), Io::readiness);
}

TEST(ChooseIo, ByDefaultWhatIsBestHere) {
  EXPECT_EQ(choose_io({}), has_uring() ? Io::uring : Io::readiness);
}

}  // namespace
}  // namespace load
