#include <polymux/poller/registry.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "platform/unique_fd.hpp"
#include "tests/support/backend_variable.hpp"

namespace polymux {
namespace {

using test::BackendVariable;

std::vector<BackendStatus> usable() {
  auto all = available_backends();
  std::erase_if(all, [](const auto& status) { return !status.is_available(); });
  return all;
}

TEST(Registry, EveryAvailableBackendOpensByNameAndById) {
  for (const auto& status : usable()) {
    const auto by_name = open_poller(status.name);
    ASSERT_TRUE(by_name) << by_name.message;
    EXPECT_EQ(by_name.backend, status.name);
    ASSERT_TRUE(status.id);
    EXPECT_EQ(status.id->name(), status.name);
    EXPECT_TRUE(open_poller(*status.id));
  }
}

TEST(Registry, ExactlyOneAvailableBackendIsTheDefaultAndIsWhatOpens) {
  const BackendVariable unset(nullptr);
  const auto all = usable();

  const auto count = std::ranges::count_if(all, &BackendStatus::is_default);
  const auto chosen = std::ranges::find_if(all, &BackendStatus::is_default);

  ASSERT_EQ(count, 1);
  EXPECT_EQ(open_poller().backend, chosen->name);
}

TEST(Registry, UnknownNameIsRefusedAndTheAvailableOnesAreListed) {
  const auto refused = open_poller("nope");

  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error, Errc::unknown_backend);
  EXPECT_NE(refused.message.find("'nope'"), std::string::npos) << refused.message;
  for (const auto& status : usable()) {
    EXPECT_NE(refused.message.find(status.name), std::string::npos) << refused.message;
  }
}

TEST(Registry, BackendThatIsNotBuiltIsRefusedWithItsReason) {
  for (const auto& status : available_backends()) {
    if (status.is_available()) continue;
    const auto refused = open_poller(status.name);

    EXPECT_FALSE(refused);
    EXPECT_FALSE(refused.message.empty());
    EXPECT_NE(refused.message.find(status.name), std::string::npos) << refused.message;
  }
}

TEST(Registry, VariableChoosesTheBackend) {
  for (const auto& status : usable()) {
    const BackendVariable chosen(std::string(status.name).c_str());

    EXPECT_EQ(open_poller().backend, status.name);
  }
}

TEST(Registry, EmptyVariableIsAsUnset) {
  const BackendVariable empty("");

  EXPECT_TRUE(open_poller());
}

TEST(Registry, NonsenseInTheVariableIsRefusedAndNeverIgnored) {
  const BackendVariable nonsense("Epoll ");

  const auto refused = open_poller();

  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.error, Errc::unknown_backend);
  EXPECT_EQ(refused.message.rfind(backend_variable, 0), 0U) << refused.message;
}

TEST(Registry, NameInTheProgramIsNotOverruledByTheVariable) {
  const BackendVariable nonsense("nonsense");
  for (const auto& status : usable()) EXPECT_TRUE(open_poller(status.name));
}

TEST(Registry, RequirementThatIsNotMetIsNamed) {
  for (const auto& status : usable()) {
    if (status.capabilities.edge) continue;
    const auto refused = open_poller(status.name, {.edge = true});

    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.error, Errc::not_supported);
    EXPECT_NE(refused.message.find("edge"), std::string::npos) << refused.message;
  }
}

TEST(Registry, RequirementsChooseTheBestThatMeetsThem) {
  const BackendVariable unset(nullptr);
  const auto all = usable();
  const bool has_edge =
      std::ranges::any_of(all, [](const auto& status) { return status.capabilities.edge; });

  const auto opened = open_poller(Requirements{.edge = true});

  EXPECT_EQ(static_cast<bool>(opened), has_edge) << opened.message;
  EXPECT_TRUE(!opened || opened.poller->capabilities().edge);
}

TEST(Registry, WaitableSaysWhyAFileIsRefused) {
  const UniqueFd null(::open("/dev/null", O_RDONLY));
  for (const auto& status : usable()) {
    const auto answer = waitable(null.get(), status.name);

    EXPECT_FALSE(answer) << status.name;
    EXPECT_EQ(answer.error, Errc::not_pollable) << status.name;
    EXPECT_FALSE(answer.message.empty()) << status.name;
    EXPECT_EQ(waitable(-1, *status.id).error, Errc::bad_descriptor) << status.name;
  }
  EXPECT_EQ(waitable(null.get(), "nope").error, Errc::unknown_backend);
}

}  // namespace
}  // namespace polymux
