#include <polymux/poller/error.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace polymux {
namespace {

struct Meaning {
  Errc code;
  std::errc condition;
};

const Meaning meanings[] = {
    {Errc::bad_descriptor, std::errc::bad_file_descriptor},
    {Errc::already_registered, std::errc::file_exists},
    {Errc::not_registered, std::errc::no_such_file_or_directory},
    {Errc::not_pollable, std::errc::operation_not_permitted},
    {Errc::wrong_direction, std::errc::permission_denied},
    {Errc::not_supported, std::errc::not_supported},
    {Errc::refused_by_backend, std::errc::not_supported},
    {Errc::descriptor_too_large, std::errc::value_too_large},
    {Errc::invalid_argument, std::errc::invalid_argument},
    {Errc::used_after_fork, std::errc::operation_not_permitted},
    {Errc::unknown_backend, std::errc::no_such_device},
    {Errc::backend_unavailable, std::errc::function_not_supported},
};

TEST(Errc, ComparesEqualToItsCondition) {
  for (const auto& [code, condition] : meanings) {
    EXPECT_EQ(make_error_code(code), condition) << make_error_code(code).message();
  }
}

TEST(Errc, EachHasAMessageOfItsOwn) {
  std::set<std::string> messages;
  for (const auto& meaning : meanings) messages.insert(make_error_code(meaning.code).message());

  EXPECT_EQ(messages.size(), std::size(meanings));
}

TEST(Errc, UnknownValueIsNamedByItsNumber) {
  const std::error_code unknown{4711, polymux_category()};

  EXPECT_EQ(unknown.message(), "unknown error 4711");
  EXPECT_EQ(unknown.default_error_condition().value(), 4711);
  EXPECT_STREQ(unknown.category().name(), "polymux");
}

}  // namespace
}  // namespace polymux
