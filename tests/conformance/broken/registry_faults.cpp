// Faults of the choice of a backend: of what opens pollers and answers questions about them.

#include <fcntl.h>
#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"

namespace polymux::test {
namespace {

template <class Fault>
BrokenPoller broken_registry(const std::string& name, Base base, const std::string& imitates,
                             const std::vector<Failure>& fails) {
  return {.name = name,
          .base = base,
          .imitates = imitates,
          .make = {},
          .fails = fails,
          .registry = std::make_shared<Fault>()};
}

std::string_view variable() {
  const char* value = ::getenv(backend_variable);
  return value == nullptr ? std::string_view{} : std::string_view(value);
}

class FallsBack final : public Registry {
 public:
  OpenResult open_named(std::string_view /*backend*/, const Requirements& required) const override {
    return Registry::open_best(required);
  }
};

class EnvironmentBeatsTheName final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    return Registry::open_named(variable().empty() ? backend : variable(), required);
  }
};

class IdOpensTheBest final : public Registry {
 public:
  OpenResult open_by_id(BackendId backend, const Requirements& required) const override {
    for (const auto& status : available()) {
      if (status.id && *status.id != backend) return Registry::open_by_id(*status.id, required);
    }
    return Registry::open_by_id(backend, required);
  }
};

class UnknownIsTheDefault final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    auto opened = Registry::open_named(backend, required);
    return opened.error == Errc::unknown_backend ? open_default() : std::move(opened);
  }
  OpenResult open_best(const Requirements& required) const override {
    auto opened = Registry::open_best(required);
    return opened.error == Errc::unknown_backend ? open_default() : std::move(opened);
  }

 private:
  [[nodiscard]] OpenResult open_default() const {
    for (const auto& status : available()) {
      if (status.is_default) return Registry::open_by_id(*status.id, {});
    }
    return {};
  }
};

class UnknownIsUnavailable final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    auto opened = Registry::open_named(backend, required);
    if (opened.error == Errc::unknown_backend) opened.error = Errc::backend_unavailable;
    return opened;
  }
};

class RefusalsSayLittle final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    return cut(Registry::open_named(backend, required));
  }
  OpenResult open_best(const Requirements& required) const override {
    return cut(Registry::open_best(required));
  }

 private:
  static OpenResult cut(OpenResult opened) {
    if (!opened) opened.message = "cannot open";
    return opened;
  }
};

class VariableIsIgnored final : public Registry {
 public:
  OpenResult open_best(const Requirements& required) const override {
    for (const auto& status : available()) {
      if (!status.id || status.is_by_name_only) continue;
      if (auto opened = Registry::open_by_id(*status.id, required)) return opened;
    }
    return Registry::open_best(required);
  }
};

class EmptyVariableIsAName final : public Registry {
 public:
  OpenResult open_best(const Requirements& required) const override {
    if (::getenv(backend_variable) != nullptr) return Registry::open_named(variable(), required);
    return Registry::open_best(required);
  }
};

class RefusalDoesNotNameTheVariable final : public Registry {
 public:
  OpenResult open_best(const Requirements& required) const override {
    if (!variable().empty()) return Registry::open_named(variable(), required);
    return Registry::open_best(required);
  }
};

/// Changes the list: `Change` is given a copy of it.
template <void Change(std::vector<BackendStatus>&)>
class ChangesTheList final : public Registry {
 public:
  std::vector<BackendStatus> available() const override {
    auto list = Registry::available();
    Change(list);
    return list;
  }
};

// On a system that has all that there is, too.
void give_no_reason(std::vector<BackendStatus>& list) {
  for (auto& status : list) status.reason.clear();
  BackendStatus absent;
  absent.name = "devpoll";
  list.push_back(absent);
}

void leave_one_out(std::vector<BackendStatus>& list) {
  std::erase_if(list, [](const BackendStatus& status) { return status.name == "select"; });
}

void name_all_default(std::vector<BackendStatus>& list) {
  for (auto& status : list) status.is_default = status.is_available();
}

void name_another_default(std::vector<BackendStatus>& list) {
  for (auto& status : list) status.is_default = !status.is_default && status.name == "poll";
}

void say_nothing_of_capabilities(std::vector<BackendStatus>& list) {
  for (auto& status : list) status.capabilities = {.edge = !status.capabilities.edge};
}

class BelievesRequirements final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& /*required*/) const override {
    return Registry::open_named(backend, {});
  }
};

class RefusesAllRequirements final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    auto opened = Registry::open_named(backend, required);
    if (opened && required.timeout_step) {
      return {.poller = nullptr,
              .backend = std::string(backend),
              .error = Errc::not_supported,
              .message = "timeout_step"};
    }
    return opened;
  }
};

class WaitableSaysYes final : public Registry {
 public:
  Waitable can_wait(int /*fd*/, std::string_view /*backend*/,
                    Interest /*interest*/) const override {
    return {};
  }
};

class WaitableIsMistakenForItsOwn final : public Registry {
 public:
  Waitable can_wait(int fd, std::string_view backend, Interest interest) const override {
    return mistake(fd, Registry::can_wait(fd, backend, interest));
  }
  Waitable can_wait_by_id(int fd, BackendId backend, Interest interest) const override {
    return mistake(fd, Registry::can_wait_by_id(fd, backend, interest));
  }

 private:
  static Waitable mistake(int fd, const Waitable& answer) {
    return fd >= 0 && answer.error == Errc::bad_descriptor ? Waitable{} : answer;
  }
};

class WaitableGivesNoReason final : public Registry {
 public:
  Waitable can_wait(int fd, std::string_view backend, Interest interest) const override {
    return {.error = Registry::can_wait(fd, backend, interest).error, .message = {}};
  }
};

class WaitableByIdGuesses final : public Registry {
 public:
  Waitable can_wait_by_id(int fd, BackendId backend, Interest interest) const override {
    auto answer = Registry::can_wait_by_id(fd, backend, interest);
    if (answer.error == Errc::not_pollable) return {};
    return answer;
  }
};

class WaitableLeavesAPollerOpen final : public Registry {
 public:
  Waitable can_wait(int fd, std::string_view backend, Interest interest) const override {
    if (!left_) left_ = Registry::open_named(backend, {}).poller;
    return Registry::can_wait(fd, backend, interest);
  }

 private:
  mutable std::unique_ptr<Poller> left_;
};

class FailedOpenLeaks final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    const int own = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    auto opened = Registry::open_named(backend, required);
    static_cast<void>(own);
    return opened;
  }
};

class FailedOpenSaysAnotherCode final : public Registry {
 public:
  OpenResult open_named(std::string_view backend, const Requirements& required) const override {
    auto opened = Registry::open_named(backend, required);
    if (opened.error) opened.error = Errc::backend_unavailable;
    return opened;
  }
};

class TakesTheFirstThatOpens final : public Registry {
 public:
  OpenResult open_best(const Requirements& /*required*/) const override {
    auto opened = Registry::open_named("select", {});
    return opened ? std::move(opened) : Registry::open_best({});
  }
};

class TakesTheWorstThatMeets final : public Registry {
 public:
  OpenResult open_best(const Requirements& required) const override {
    auto list = available();
    std::ranges::reverse(list);
    for (const auto& status : list) {
      if (!status.id || status.is_by_name_only) continue;
      if (auto opened = Registry::open_by_id(*status.id, required)) return opened;
    }
    return Registry::open_best(required);
  }
};

}  // namespace

void add_registry_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken_registry<FallsBack>(
              "name_falls_back", plain, "libuv/help#9",
              {"Open1NamedBackendIsOpenedAndNoOther", "Open2UnknownNameIsRefusedWithWhatCanBeHad"}),
          broken_registry<EnvironmentBeatsTheName>("environment_beats_the_name", best,
                                                   "EVENT_NOEPOLL and its kin",
                                                   {"Open1NamedBackendIsOpenedAndNoOther"}),
          broken_registry<IdOpensTheBest>("id_opens_another", plain, "a place in a list as an id",
                                          {"Open1NamedBackendIsOpenedAndNoOther"}),
          broken_registry<UnknownIsTheDefault>("unknown_is_the_default", best,
                                               "a silent fallback; libuv/help#9",
                                               {"Open2UnknownNameIsRefusedWithWhatCanBeHad",
                                                "Open3NonsenseInTheVariableIsAnErrorThatNamesIt"}),
          broken_registry<UnknownIsUnavailable>("unknown_is_unavailable", best, "one code for all",
                                                {"Open2UnknownNameIsRefusedWithWhatCanBeHad"}),
          broken_registry<RefusalsSayLittle>(
              "refusals_say_little", best, "tmux/tmux#1288",
              {{"Open2UnknownNameIsRefusedWithWhatCanBeHad", "message"},
               {"Open3NonsenseInTheVariableIsAnErrorThatNamesIt", "message"},
               {"Open5RequirementIsMetOrRefusedByName", "message"},
               {"Open8BestThatMeetsTheRequirementsIsChosen", "message"}}),
          broken_registry<VariableIsIgnored>("variable_is_ignored", least,
                                             "a choice that is made when it is built",
                                             {"Open3EnvironmentVariableDecides",
                                              "Open3NonsenseInTheVariableIsAnErrorThatNamesIt"}),
          broken_registry<EmptyVariableIsAName>("empty_variable_is_a_name", best, "tmux/tmux#1289",
                                                {"Open3EmptyVariableIsAsUnset"}),
          broken_registry<RefusalDoesNotNameTheVariable>(
              "refusal_does_not_name_the_variable", best, "tmux/tmux#1289",
              {{"Open3NonsenseInTheVariableIsAnErrorThatNamesIt", "backend_variable"}}),
          broken_registry<ChangesTheList<give_no_reason>>(
              "gives_no_reason", best, "ENOSYS and EPERM seen as absence; swoole/swoole-src#6114",
              {"Open4ListSaysWhatIsThereAndWhyTheRestIsNot"}),
          broken_registry<ChangesTheList<leave_one_out>>("leaves_one_out", best,
                                                         "a list of what somebody thought of",
                                                         {"Open4ListHasEachBackendThatCanBeNamed"}),
          broken_registry<ChangesTheList<name_all_default>>(
              "names_two_defaults", best, "a flag that is set for each",
              {"Open4ListSaysWhatIsThereAndWhyTheRestIsNot"}),
          broken_registry<ChangesTheList<name_another_default>>(
              "names_another_default", plain, "a list that is kept in two places",
              {"Open4ListSaysWhatIsThereAndWhyTheRestIsNot"}),
          broken_registry<ChangesTheList<say_nothing_of_capabilities>>(
              "lists_other_capabilities", best, "a table that is written by hand",
              {{"Open4ListSaysWhatIsThereAndWhyTheRestIsNot", "capabilities"}}),
          broken_registry<BelievesRequirements>("believes_requirements", plain,
                                                "a capability that is believed rather than asked",
                                                {"Open5RequirementIsMetOrRefusedByName"}),
          broken_registry<RefusesAllRequirements>("refuses_what_it_can_do", best,
                                                  "a comparison the wrong way round",
                                                  {"Open5RequirementIsMetOrRefusedByName"}),
          broken_registry<WaitableSaysYes>("waitable_says_yes", plain, "tokio-rs/mio#1377",
                                           {"Open6WaitableAnswersAsAddDoes"}),
          broken_registry<WaitableIsMistakenForItsOwn>(
              "waitable_takes_its_own_for_the_callers", best,
              "a number that the question itself has opened",
              {"Open6WaitableAnswersAsAddDoes",
               {"Open6NumberThatThePollerWouldTakeItselfIsClosed", "got success"}}),
          broken_registry<WaitableGivesNoReason>("waitable_gives_no_reason", best,
                                                 "an error that leaves people guessing",
                                                 {"Open6WaitableAnswersAsAddDoes"}),
          broken_registry<WaitableByIdGuesses>("waitable_by_id_guesses", plain,
                                               "an answer by the type of the file",
                                               {"Open6WaitableAnswersAsAddDoes"}),
          broken_registry<WaitableLeavesAPollerOpen>("waitable_leaves_a_poller_open", best,
                                                     "a cache of what was asked",
                                                     {{"Open6WaitableAnswersAsAddDoes", "before"}}),
          broken_registry<FailedOpenLeaks>(
              "failed_open_leaks", best, "a half-opened poller; libuv/libuv#1403",
              {{"Open7WithoutDescriptorsOpeningFailsCleanly", "before"}}),
          broken_registry<FailedOpenSaysAnotherCode>(
              "failed_open_says_another_code", plain, "one code for all that fails",
              {"Open7WithoutDescriptorsOpeningFailsCleanly"}),
          broken_registry<TakesTheFirstThatOpens>("takes_the_first_that_opens", plain,
                                                  "a default that lacks what is needed",
                                                  {"Open8BestThatMeetsTheRequirementsIsChosen"}),
          broken_registry<TakesTheWorstThatMeets>("takes_the_worst_that_meets", least,
                                                  "a list that is gone through from its end",
                                                  {"Open8BestThatMeetsTheRequirementsIsChosen"}),
      });
}

}  // namespace polymux::test
