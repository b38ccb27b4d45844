#include "apps/polymux/operation/identity.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <string>

namespace operation {
namespace {

// A user that every Unix has beside root.
const passwd* someone() {
  return ::getpwnam("nobody");
}

TEST(Identity, UserIsFoundByNameAndByNumber) {
  const auto* const entry = someone();
  if (entry == nullptr) GTEST_SKIP() << "this system has no user 'nobody'";
  const auto number = std::to_string(entry->pw_uid);
  const auto user = entry->pw_uid;
  const auto group = entry->pw_gid;

  for (const auto& text : {std::string("nobody"), number}) {
    Identity found;
    EXPECT_EQ(find_identity(text, "", found), "");
    EXPECT_EQ(found.user, user);
    EXPECT_EQ(found.group, group);
    EXPECT_FALSE(found.name.empty());
  }
}

TEST(Identity, GroupReplacesTheUsersOwn) {
  if (someone() == nullptr) GTEST_SKIP() << "this system has no user 'nobody'";
  const auto* const entry = ::getgrgid(1);
  if (entry == nullptr) GTEST_SKIP() << "this system has no group 1";
  const std::string name = entry->gr_name;

  for (const auto& text : {name, std::string("1")}) {
    Identity found;
    EXPECT_EQ(find_identity("nobody", text, found), "");
    EXPECT_EQ(found.group, 1U);
  }
}

TEST(Identity, WhoIsNotThereIsNamed) {
  Identity found;

  EXPECT_NE(find_identity("no-such-user", "", found).find("'no-such-user'"), std::string::npos);
  EXPECT_NE(find_identity("4294967295", "", found).find("no user"), std::string::npos);
  EXPECT_NE(find_identity("-1", "", found).find("no user"), std::string::npos);
  if (someone() == nullptr) return;
  EXPECT_NE(find_identity("nobody", "no-such-group", found).find("'no-such-group'"),
            std::string::npos);
}

TEST(Identity, RootIsRefused) {
  Identity found;

  EXPECT_NE(find_identity("root", "", found).find("root"), std::string::npos);
  EXPECT_NE(find_identity("0", "", found).find("root"), std::string::npos);
}

TEST(Identity, WhoIsNotRootCannotBecomeAnother) {
  if (::geteuid() == 0) GTEST_SKIP() << "this runs as root; tests/e2e has both sides";

  EXPECT_NE(become({.name = "nobody", .user = 65534, .group = 65534}).find("only root"),
            std::string::npos);
}

}  // namespace
}  // namespace operation
