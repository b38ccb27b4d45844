#include <fcntl.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include <polymux/poller/registry.hpp>

#include "tests/conformance/conformance_test.hpp"
#include "tests/conformance/registry.hpp"

namespace polymux::test {
namespace {

/// Sets or clears the environment variable, and restores it.
class Variable {
 public:
  explicit Variable(const char* value) {
    if (const char* before = ::getenv(backend_variable)) before_ = before;
    set(value);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* value) {
    value != nullptr ? ::setenv(backend_variable, value, 1) : ::unsetenv(backend_variable);
  }
  std::optional<std::string> before_;
};

/// The choice of a backend. Only for subjects that come from the registry.
class OpenRules : public ConformanceTest {
 protected:
  void SetUp() override {
    if (GetParam().backend.empty()) GTEST_SKIP() << "not a backend of the registry";
    ConformanceTest::SetUp();
  }

  [[nodiscard]] static const std::string& name() { return GetParam().backend; }

  static BackendStatus status() {
    const auto all = registry().available();
    const auto found = std::ranges::find(all, name(), &BackendStatus::name);
    return found == all.end() ? BackendStatus() : *found;
  }

  static bool names_every_available(const std::string& message) {
    return std::ranges::all_of(registry().available(), [&](const BackendStatus& backend) {
      return !backend.is_available() || message.find(backend.name) != std::string::npos;
    });
  }
};
POLYMUX_FOR_EVERY_SUBJECT(OpenRules);

TEST_P(OpenRules, Open1NamedBackendIsOpenedAndNoOther) {
  const Variable other("no-such-backend");

  const auto by_name = registry().open_named(name(), {});
  const auto by_id = registry().open_by_id(*status().id, {});

  for (const auto* opened : {&by_name, &by_id}) {
    ASSERT_TRUE(*opened) << opened->message;
    EXPECT_EQ(opened->backend, name());
    EXPECT_FALSE(opened->error);
    EXPECT_EQ(opened->message, "");
  }
}

TEST_P(OpenRules, Open2UnknownNameIsRefusedWithWhatCanBeHad) {
  for (const std::string& wrong :
       {std::string("nope"), std::string(), name() + " ", name() + "2"}) {
    const auto opened = registry().open_named(wrong, {});

    EXPECT_FALSE(opened);
    EXPECT_TRUE(is_error(opened.error, Errc::unknown_backend)) << "name '" << wrong << "'";
    EXPECT_NE(opened.message.find("'" + wrong + "'"), std::string::npos) << opened.message;
    EXPECT_TRUE(names_every_available(opened.message)) << opened.message;
  }
}

TEST_P(OpenRules, Open3EnvironmentVariableDecides) {
  const Variable variable(name().c_str());

  const auto opened = registry().open_best({});

  ASSERT_TRUE(opened) << opened.message;
  EXPECT_EQ(opened.backend, name());
}

TEST_P(OpenRules, Open3NonsenseInTheVariableIsAnErrorThatNamesIt) {
  const Variable variable("nonsense");

  const auto opened = registry().open_best({});

  EXPECT_FALSE(opened);
  EXPECT_TRUE(is_error(opened.error, Errc::unknown_backend));
  EXPECT_NE(opened.message.find(backend_variable), std::string::npos) << opened.message;
  EXPECT_TRUE(names_every_available(opened.message)) << opened.message;
}

TEST_P(OpenRules, Open3EmptyVariableIsAsUnset) {
  const auto open_with = [](const char* value) {
    const Variable variable(value);
    return registry().open_best({}).backend;
  };

  EXPECT_EQ(open_with(""), open_with(nullptr));
}

TEST_P(OpenRules, Open4ListSaysWhatIsThereAndWhyTheRestIsNot) {
  const auto listed = status();
  ASSERT_TRUE(listed.id) << "not listed";
  EXPECT_TRUE(listed.is_available()) << listed.reason;
  EXPECT_NE(listed.summary, "");
  EXPECT_EQ(listed.capabilities.edge, capabilities().edge);
  EXPECT_EQ(listed.capabilities.timeout_step, capabilities().timeout_step);
  int defaults = 0;
  for (const auto& backend : registry().available()) {
    EXPECT_EQ(static_cast<bool>(open_poller(backend.name)), backend.is_available())
        << backend.name << ": '" << backend.reason << "'";
    if (!backend.is_default) continue;
    ++defaults;
    const Variable unset(nullptr);
    EXPECT_EQ(registry().open_best({}).backend, backend.name);
  }

  EXPECT_EQ(defaults, 1);
}

TEST_P(OpenRules, Open4ListHasEachBackendThatCanBeNamed) {
  const auto all = registry().available();

  for (const std::string known :
       {"epoll", "kqueue", "poll", "select", "sigio", "io_uring", "libevent"}) {
    const bool is_listed = std::ranges::count(all, known, &BackendStatus::name) == 1;
    EXPECT_EQ(is_listed, open_poller(known).error != Errc::unknown_backend) << known;
  }
}

TEST_P(OpenRules, Open5RequirementIsMetOrRefusedByName) {
  const auto expect = [](const Requirements& required, bool is_met, const std::string& what) {
    const auto opened = registry().open_named(name(), required);
    EXPECT_EQ(static_cast<bool>(opened), is_met) << what << ": " << opened.message;
    if (is_met) return;
    EXPECT_TRUE(is_error(opened.error, Errc::not_supported)) << what;
    EXPECT_NE(opened.message.find(what), std::string::npos) << opened.message;
  };
  const auto& can = capabilities();

  expect({.edge = true}, can.edge, "edge");
  expect({.priority = true}, can.priority, "priority");
  expect({.read_closed = true}, can.read_closed, "read_closed");
  expect({.hangup = true}, can.hangup, "hangup");
  expect({.error = true}, can.error, "error");
  expect({.pollable_handle = true}, can.pollable_handle, "pollable_handle");
  expect({.timeout_step = can.timeout_step}, true, "timeout_step");
  expect({.timeout_step = can.timeout_step - std::chrono::nanoseconds(1)}, false, "timeout_step");
  expect({.greatest_fd = can.greatest_fd.value_or(1'000'000)}, true, "greatest_fd");
}

TEST_P(OpenRules, Open6WaitableAnswersAsAddDoes) {
  auto [near, far] = connected_pair();
  auto [reader, writer] = open_pipe();
  const auto device = open_file("/dev/null", O_RDWR);
  const auto id = *status().id;
  const auto check = [&](int fd, Interest interest) {
    const auto error = poller().add(fd, Token{1}, interest);
    if (!error) {
      EXPECT_TRUE(succeeded(poller().remove(fd)));
    }
    const auto answer = registry().can_wait(fd, name(), interest);
    EXPECT_EQ(answer.error, error) << fd << ", " << to_string(interest);
    EXPECT_EQ(static_cast<bool>(answer), !error);
    EXPECT_NE(answer.message.empty(), static_cast<bool>(error)) << answer.message;
    EXPECT_EQ(registry().can_wait_by_id(fd, id, interest).error, error);
  };
  // What add needs is opened now, and does not count.
  static_cast<void>(poller().add(reader.get(), Token{1}, Interest::none));
  static_cast<void>(poller().remove(reader.get()));
  const auto before = open_numbers();

  for (const int fd : {near.get(), reader.get(), writer.get(), device.get(), -1, closed_number()}) {
    for (const auto interest : {Interest::none, Interest::read, Interest::write})
      check(fd, interest);
  }

  // The list opened each backend for a moment, and an emulation among them (libkqueue) closes its
  // descriptors a while later: fewer are no fault.
  EXPECT_TRUE(std::ranges::includes(before, open_numbers()));
}

TEST_P(OpenRules, Open6NumberThatThePollerWouldTakeItselfIsClosed) {
  const auto id = *status().id;
  std::vector<int> closed;
  {
    std::vector<Fd> taken;
    for (int count = 0; count < 16; ++count) {
      taken.push_back(open_file("/dev/null", O_RDONLY));
      closed.push_back(taken.back().get());
    }
  }

  for (const int number : closed) {
    EXPECT_TRUE(
        is_error(registry().can_wait_by_id(number, id, Interest::read).error, Errc::bad_descriptor))
        << number;
  }
}

TEST_P(OpenRules, Open7WithoutDescriptorsOpeningFailsCleanly) {
  if (is_sanitized()) GTEST_SKIP() << "a sanitizer needs descriptors for its own checks";
  // Each round asks of 65,536 numbers whether they are open.
  allow_cpu(std::chrono::milliseconds(300));
  const auto before = open_numbers();
  bool has_failed = false;
  for (int spare = 0; spare < 8; ++spare) {
    const ExhaustedDescriptors exhausted(spare);

    const auto opened = registry().open_named(name(), {});

    if (opened) break;
    has_failed = true;
    EXPECT_TRUE(is_error(opened.error, std::error_code(EMFILE, std::system_category())))
        << "with " << spare << " descriptors";
    EXPECT_NE(opened.message, "");
  }

  EXPECT_TRUE(has_failed);
  EXPECT_EQ(open_numbers(), before);
}

TEST_P(OpenRules, Open8BestThatMeetsTheRequirementsIsChosen) {
  const Variable unset(nullptr);
  const auto& can = capabilities();
  const Requirements required{.edge = can.edge,
                              .priority = can.priority,
                              .read_closed = can.read_closed,
                              .hangup = can.hangup,
                              .error = can.error,
                              .pollable_handle = can.pollable_handle,
                              .timeout_step = can.timeout_step};

  const auto opened = registry().open_best(required);

  const auto all = registry().available();
  const auto best = std::ranges::find_if(all, [&](const BackendStatus& backend) {
    return backend.is_available() && !backend.is_by_name_only &&
           missing(required, backend.capabilities).empty();
  });
  if (best != all.end()) {
    ASSERT_TRUE(opened) << opened.message;
    EXPECT_EQ(opened.backend, best->name);
    EXPECT_EQ(missing(required, opened.poller->capabilities()), "");
  } else {
    // Only a backend that has to be named can do it.
    EXPECT_TRUE(is_error(opened.error, Errc::backend_unavailable));
  }
  const auto impossible =
      registry().open_best(Requirements{.timeout_step = std::chrono::nanoseconds(0)});
  EXPECT_FALSE(impossible);
  EXPECT_TRUE(is_error(impossible.error, Errc::backend_unavailable));
  EXPECT_TRUE(names_every_available(impossible.message)) << impossible.message;
}

}  // namespace
}  // namespace polymux::test

POLYMUX_SUITE_PART(open_rules)
