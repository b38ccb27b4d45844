#include "tests/differential/contract.hpp"

#include <algorithm>

#include <polymux/poller/error.hpp>

namespace polymux::differential {
namespace {

// CLOSE-3: how often a duplicate of a closed number may speak.
constexpr int most_late_reports = 255;

Ready as_ready(Interest interest) {
  Ready ready = Ready::none;
  if (contains(interest, Interest::read)) ready |= Ready::readable;
  if (contains(interest, Interest::write)) ready |= Ready::writable;
  if (contains(interest, Interest::priority)) ready |= Ready::priority;
  return ready;
}

bool is_open_for(bool can_read, bool can_write, Interest interest) {
  const bool reads = contains(interest, Interest::read) || contains(interest, Interest::priority);
  return (can_read || !reads) && (can_write || !contains(interest, Interest::write));
}

std::string judge_answer(const char* rule, const char* call, std::error_code answer,
                         const std::vector<std::error_code>& right) {
  if (std::ranges::find(right, answer) != right.end()) return {};
  std::string expected;
  for (const auto& code : right) {
    expected += (expected.empty() ? "'" : " or '") + (code ? code.message() : "success") + "'";
  }
  return std::string(rule) + ": " + call + " answered '" + (answer ? answer.message() : "success") +
         "', which should be " + expected;
}

std::string number_of(Token token) {
  return "token " + std::to_string(static_cast<std::uint64_t>(token));
}

}  // namespace

std::error_code Contract::refuse_request(Interest interest, Trigger trigger) const {
  constexpr auto every = Interest::read | Interest::write | Interest::priority;
  if ((interest & every) != interest || trigger > Trigger::oneshot) return Errc::invalid_argument;
  const bool lacks_edge = trigger == Trigger::edge && !capabilities_.edge;
  const bool lacks_priority = contains(interest, Interest::priority) && !capabilities_.priority;
  return lacks_edge || lacks_priority ? Errc::not_supported : std::error_code{};
}

Contract::Answers Contract::answers_to_add(int number, const Meaning& meaning, Interest interest,
                                           Trigger trigger) const {
  if (const auto error = refuse_request(interest, trigger)) return {error};
  if (number < 0 || meaning.file == Files::none) return {Errc::bad_descriptor};
  Answers answers;
  const auto known = registrations_.find(number);
  if (known != registrations_.end() && known->second.file == meaning.file) {
    answers.emplace_back(Errc::already_registered);
    // The same file is back under its number: to some kernels it was never away.
    if (!known->second.is_stale) return answers;
  }
  if (!is_open_for(meaning.can_read, meaning.can_write, interest)) {
    answers.emplace_back(Errc::wrong_direction);
  } else if (!meaning.is_pollable) {
    answers.emplace_back(Errc::not_pollable);
  } else {
    answers.emplace_back();
  }
  return answers;
}

std::string Contract::add(int number, const Meaning& meaning, Token token, Interest interest,
                          Trigger trigger, std::error_code answer) {
  const auto right = answers_to_add(number, meaning, interest, trigger);
  const auto known = registrations_.find(number);
  if (!answer) {
    registrations_[number] = {.token = token,
                              .interest = interest,
                              .trigger = trigger,
                              .file = meaning.file,
                              .can_read = meaning.can_read,
                              .can_write = meaning.can_write};
  } else if (known != registrations_.end() && known->second.is_stale) {
    known->second.is_doubtful = true;
  } else if (known != registrations_.end() && licence_.repeats_edge_after_refusal) {
    known->second.is_touched = true;
  }
  return judge_answer("ADD-14", "add", answer, right);
}

Contract::Answers Contract::answers_to_modify(int number, const Meaning& meaning, Interest interest,
                                              Trigger trigger) const {
  if (const auto error = refuse_request(interest, trigger)) return {error};
  const auto known = registrations_.find(number);
  if (known == registrations_.end()) return {Errc::not_registered};
  const auto& it = known->second;
  Answers answers;
  if (it.is_doubtful) answers.emplace_back(Errc::not_registered);
  if (!is_open_for(it.can_read, it.can_write, interest)) {
    answers.emplace_back(Errc::wrong_direction);
  }
  if (it.is_stale && meaning.file == Files::none) answers.emplace_back(Errc::bad_descriptor);
  if (it.is_stale && meaning.file != Files::none) answers.emplace_back(Errc::not_registered);
  if (answers.empty() || (it.is_stale && meaning.file == it.file)) answers.emplace_back();
  return answers;
}

std::string Contract::modify(int number, const Meaning& meaning, Token token, Interest interest,
                             Trigger trigger, std::error_code answer) {
  const auto right = answers_to_modify(number, meaning, interest, trigger);
  const auto known = registrations_.find(number);
  if (!answer && known != registrations_.end()) {
    auto& it = known->second;
    it = {.token = token,
          .interest = interest,
          .trigger = trigger,
          .file = it.file,
          .can_read = it.can_read,
          .can_write = it.can_write};
  }
  return judge_answer("MOD-1", "modify", answer, right);
}

std::string Contract::remove(int number, std::error_code answer) {
  Answers right;
  const auto known = registrations_.find(number);
  if (known == registrations_.end()) {
    right.emplace_back(Errc::not_registered);
  } else {
    right.emplace_back();
    if (known->second.is_doubtful) right.emplace_back(Errc::not_registered);
    registrations_.erase(known);
  }
  return judge_answer("REM-2", "remove", answer, right);
}

void Contract::number_changed(int number) {
  const auto known = registrations_.find(number);
  if (known == registrations_.end()) return;
  known->second.is_stale = true;
  was_misused_ = true;
  known->second.late_reports = 0;
}

void Contract::file_changed(Files::Id file, const Promise& promise) {
  for (auto& [number, it] : registrations_) {
    if (it.file != file) continue;
    it.is_touched = true;
    // What has ended for certain is news when it comes back.
    it.told = it.told & promise.may;
  }
}

Promise Contract::expected(const Registration& it, const State& state) const {
  if (it.is_stale || it.has_fired) return {};
  const auto asked = as_ready(it.interest);
  Promise promise{state.promise.must & asked, state.promise.may & asked};
  if (it.trigger != Trigger::edge) return promise;
  promise.must = without(promise.must, it.told);
  const bool may_repeat = it.is_touched || was_misused_ || !state.is_prompt;
  // An edge that tells something new tells all that holds.
  if (!may_repeat && without(promise.may, it.told) == Ready::none) promise.may = Ready::none;
  return promise;
}

bool Contract::must_end(const StateOf& state_of) const {
  if (is_woken_) return true;
  return std::ranges::any_of(registrations_, [&](const auto& entry) {
    return !entry.second.is_stale &&
           expected(entry.second, state_of(entry.second.file)).must != Ready::none;
  });
}

Contract::Registration* Contract::find(Token token) {
  for (auto& [number, it] : registrations_) {
    if (it.token == token) return &it;
  }
  return nullptr;
}

std::string Contract::judge_result(const Wait& wait, const WaitResult& result) {
  const auto error = wait.room == 0 ? std::error_code(Errc::invalid_argument) : std::error_code{};
  if (auto wrong = judge_answer("WAIT-2", "wait", result.error, {error}); !wrong.empty()) {
    return wrong;
  }
  if (result.error) return result.count == 0 ? "" : "WAIT-2: a wait that failed has events";
  if (result.count > wait.room) return "WAIT-1: there are more events than fit";
  if (result.woken && !is_woken_) return "WAKE-2: a wait was woken, and nobody woke it";
  if (!result.woken && is_woken_) return "WAKE-6: the wake was not told by the next wait";
  const bool was_early =
      result.count == 0 && !result.woken && wait.timeout && wait.lasted < *wait.timeout;
  is_woken_ = false;
  return was_early ? "TIME-1: the wait ended too early" : "";
}

std::string Contract::judge_late_event(const Event& event, Registration& it, bool is_open) const {
  if (it.interest == Interest::none || it.has_fired) {
    return "NONE-4: a closed number that rests was reported";
  }
  if (it.was_invalid) return "CLOSE-1: a registration that was invalid was reported again";
  if (event.ready == Ready::invalid) {
    it.was_invalid = true;
    return {};
  }
  if (contains(event.ready, Ready::invalid)) return "CLOSE-1: invalid came with other flags";
  if (it.trigger == Trigger::oneshot) it.has_fired = true;
  if (!is_open && ++it.late_reports > most_late_reports) {
    return "CLOSE-3: a duplicate of a closed number speaks too long";
  }
  return {};
}

std::string Contract::judge_event(const Event& event, Registration& it, const State& state,
                                  bool is_full) const {
  const auto right = expected(it, state);
  const auto said = event.ready & directions;
  const auto context = [&] { return " (" + to_string(event) + ")"; };
  if (it.has_fired) return "TRIG-2: a oneshot that has fired was reported" + context();
  if (it.interest == Interest::none) return "NONE-1: interest none was reported" + context();
  if (said == Ready::none) return "READY-14: an event without a direction" + context();
  if (without(said, as_ready(it.interest)) != Ready::none) {
    return "READY-14: reported what was not asked for" + context();
  }
  if (without(said, right.may) != Ready::none) {
    return std::string(it.trigger == Trigger::edge ? "TRIG-5" : "WAIT-5") +
           ": reported what does not hold, or an edge that was told" + context() + ", where " +
           to_string(right.may) + " may be";
  }
  const bool may_be_split = is_full && licence_.splits_directions;
  if (!may_be_split && without(right.must, said) != Ready::none) {
    return "WAIT-4: of " + to_string(right.must) + " a part alone was reported" + context();
  }

  Ready offered = Ready::none;
  if (capabilities_.read_closed && contains(it.interest, Interest::read)) {
    offered |= Ready::read_closed;
  }
  if (capabilities_.hangup) offered |= Ready::hangup;
  if (capabilities_.error) offered |= Ready::error;
  const auto hinted = without(event.ready, directions);
  if (without(hinted, offered & state.promise.may) != Ready::none) {
    return "READY-15: a hint that is not promised or not true" + context();
  }
  const auto missing = without(state.promise.must & hints & offered, hinted);
  const bool may_be_missing = may_be_split || it.trigger == Trigger::edge || licence_.omits_hints;
  if (missing != Ready::none && !may_be_missing) {
    return "READY-5: the hint " + to_string(missing) + " is missing" + context();
  }
  return {};
}

std::string Contract::wait(const Wait& wait, std::span<const Event> events,
                           const WaitResult& result, const StateOf& state_of,
                           const MeaningOf& meaning_of) {
  if (auto wrong = judge_result(wait, result); !wrong.empty() || result.error) return wrong;
  const bool is_full = result.count == wait.room;
  std::set<Token> reported;
  for (const auto& event : events) {
    auto* it = find(event.token);
    if (it == nullptr) {
      return "REM-1: reported is " + to_string(event) + ", which is no registration's";
    }
    if (!reported.insert(event.token).second) {
      return "WAIT-4: two events for one registration, " + number_of(event.token);
    }
  }
  // All that is told here is judged by what was before it.
  for (auto& [number, it] : registrations_) {
    const auto event = std::ranges::find(events, it.token, &Event::token);
    const bool is_reported = event != events.end();
    if (it.is_stale) {
      if (!is_reported) continue;
      const bool is_open = meaning_of(number).file != Files::none;
      if (auto wrong = judge_late_event(*event, it, is_open); !wrong.empty()) {
        return wrong + " (" + to_string(*event) + ")";
      }
      continue;
    }
    const auto state = state_of(it.file);
    const auto right = expected(it, state);
    if (is_reported) {
      if (auto wrong = judge_event(*event, it, state, is_full); !wrong.empty()) return wrong;
    } else if (right.must != Ready::none && !is_full) {
      return "WAIT-5: " + number_of(it.token) + " is ready for " + to_string(right.must) +
             ", and was not reported";
    }
    if (is_reported || right.must == Ready::none || was_misused_) {
      it.overtakers.clear();
    } else {
      for (const auto token : reported) {
        // It says so once, and that may go first.
        const auto* const other = find(token);
        if (other == nullptr || other->was_invalid) continue;
        if (!it.overtakers.insert(token).second) {
          return "FAIR-1: " + number_of(token) + " was reported twice while " +
                 number_of(it.token) + " waits for its turn";
        }
      }
    }
    if (!is_reported && is_full) continue;
    it.is_touched = false;
    if (!is_reported) continue;
    it.told |= event->ready & directions;
    if (it.trigger == Trigger::oneshot) it.has_fired = true;
  }
  return {};
}

}  // namespace polymux::differential
