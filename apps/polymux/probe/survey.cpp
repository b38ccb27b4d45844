#include "survey.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "system_failure.hpp"

namespace probe {
namespace {

using namespace std::chrono_literals;

// A kernel tells loopback news within microseconds; who was not told until then is told nothing.
constexpr auto patience = 3ms;
constexpr auto at_once = 0ms;
// More than any change leads to, so that who tells for ever does not keep us.
constexpr std::size_t most_reports = 16;

/// A question, from the making of the descriptor to the answer.
class Question {
 public:
  Question(const Case& asked, const Multiplexer& multiplexer, Interest interest)
      : case_(asked), multiplexer_(multiplexer), answer_{&multiplexer, interest} {}

  Answer ask() {
    if (!make()) return answer_;
    try {
      session_ = multiplexer_.opening->open();
      if (!multiplexer_.is_told_late) watch();
      if (case_.happen != nullptr && !happen()) return answer_;
      if (multiplexer_.is_told_late) watch();
      look();
    } catch (const Refusal& refusal) {
      fail(Outcome::refused, refusal);
    } catch (const SystemFailure& failure) {
      fail(Outcome::failed, failure);
    }
    return answer_;
  }

 private:
  bool make() {
    return attempt([this] { subject_.emplace(case_.make()); });
  }
  bool happen() {
    return attempt([this] { case_.happen(*subject_); });
  }

  template <typename Step>
  bool attempt(Step step) {
    try {
      step();
      return true;
    } catch (const SystemFailure& failure) {
      fail(Outcome::not_made, failure);
      return false;
    }
  }

  // What is said of the time before it happens is not the answer.
  void watch() {
    session_->watch(subject_->near(), answer_.interest);
    answer_.refused_in_part = session_->refused_in_part();
    if (multiplexer_.is_told_late || case_.happen == nullptr) return;
    if (multiplexer_.telling == Telling::level) {
      static_cast<void>(session_->look(at_once));
      return;
    }
    for (std::size_t i = 0; i < most_reports && !session_->look(at_once).empty(); ++i) {
    }
  }

  void look() {
    auto& reports = answer_.reports;
    auto said = session_->look(patience);
    while (!said.empty() && reports.size() < most_reports) {
      reports.push_back(std::move(said));
      answer_.outcome = Outcome::ready;
      said = session_->look(at_once);
      if (multiplexer_.telling == Telling::level) {
        if (said != reports.back()) reports.push_back(std::move(said));
        break;
      }
    }
  }

  void fail(Outcome outcome, const SystemFailure& failure) {
    if (answer_.reports.empty()) answer_.outcome = outcome;
    answer_.call = failure.call();
    answer_.error = error_name(failure.error());
  }

  const Case& case_;
  const Multiplexer& multiplexer_;
  Answer answer_;
  std::optional<Subject> subject_;
  std::unique_ptr<Session> session_;
};

std::vector<Answer> ask_each(const Case& asked, const Choice& choice) {
  std::vector<Answer> answers;
  for (const auto* const multiplexer : choice.multiplexers) {
    if (!multiplexer->is_available()) continue;
    for (const auto interest : multiplexer->interests) {
      if (std::ranges::find(choice.interests, interest) == choice.interests.end()) continue;
      answers.push_back(ask(asked, *multiplexer, interest));
    }
  }
  return answers;
}

}  // namespace

Answer ask(const Case& asked, const Multiplexer& multiplexer, Interest interest) {
  return Question(asked, multiplexer, interest).ask();
}

Survey survey(const Choice& choice) {
  Survey result{.system = this_system(),
                .kinds = choice.kinds,
                .multiplexers = choice.multiplexers,
                .interests = choice.interests,
                .rows = {}};
  for (const auto* const kind : choice.kinds) {
    for (const auto& one : kind->cases()) {
      const auto& wanted = choice.situations;
      if (std::ranges::find(wanted, one.situation) == wanted.end()) continue;
      result.rows.push_back({kind, one.situation, ask_each(one, choice)});
    }
  }
  return result;
}

}  // namespace probe
