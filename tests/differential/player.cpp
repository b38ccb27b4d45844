#include "tests/differential/player.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <polymux/poller/registry.hpp>

#include "tests/differential/reference.hpp"
#include "tests/differential/world.hpp"
#include "tests/support/clocks.hpp"

namespace polymux::differential {
namespace {

// A fraction of what every backend can wait for.
constexpr std::chrono::nanoseconds brief = std::chrono::microseconds{200};

// One for all sequences: to open it takes more calls than most sequences make.
Reference* reference() {
  static const std::unique_ptr<Reference> only = Reference::open();
  return only.get();
}

/// One sequence, while it is played.
class Player {
 public:
  Player(const Subject& subject, Poller& poller, Tally& tally)
      : subject_(subject),
        poller_(poller),
        tally_(tally),
        contract_(poller.capabilities(), subject.licence) {
    if (subject.is_emulated) world_.let_errors_be_taken();
  }

  ~Player() {
    if (auto* second = reference()) second->forget_all();
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  std::string perform(const Operation& operation) {
    switch (operation.verb) {
      case Verb::add:
      case Verb::modify:
        return add_or_modify(operation);
      case Verb::remove:
        return remove(operation.place);
      case Verb::wait:
        return wait(operation.amount, std::chrono::nanoseconds::zero());
      case Verb::wait_briefly:
        return wait(operation.amount, brief);
      case Verb::wait_long:
        return wait_long(operation.amount);
      case Verb::wake:
        poller_.wake();
        contract_.wake();
        return {};
      case Verb::close:
      case Verb::reset:
        if (auto wrong = remove_before_close(operation.place); !wrong.empty()) return wrong;
        break;
      default:
        break;
    }
    return change_files(operation);
  }

 private:
  std::string change_files(const Operation& operation) {
    const int number = world_.number(operation.place);
    if (world_.will_change_number(operation)) {
      if (auto* second = reference()) second->forget(number);
      if (subject_.licence.holds_closed_files && contract_.is_registered(number)) {
        world_.hold(operation.place);
      }
      contract_.number_changed(number);
    }
    auto wrong = world_.perform(operation);
    for (const auto file : world_.take_changed_files()) {
      contract_.file_changed(file, world_.files().promise(file));
    }
    return wrong;
  }

  std::string add_or_modify(const Operation& operation) {
    const int number = world_.number(operation.place);
    const auto meaning = world_.meaning_of(number);
    if (world_.is_strangers(number)) return {};
    const auto token = contract_.fresh_token();
    const bool is_add = operation.verb == Verb::add;
    const auto answer = is_add
                            ? poller_.add(number, token, operation.interest, operation.trigger)
                            : poller_.modify(number, token, operation.interest, operation.trigger);
    if (answer) ++tally_.refusals;
    auto wrong = is_add ? contract_.add(number, meaning, token, operation.interest,
                                        operation.trigger, answer)
                        : contract_.modify(number, meaning, token, operation.interest,
                                           operation.trigger, answer);
    if (auto* second = reference(); second != nullptr && !answer && wrong.empty()) {
      second->watch(number, operation.interest);
    }
    return wrong;
  }

  std::string remove(Place place) {
    const int number = world_.number(place);
    if (auto* second = reference()) second->forget(number);
    return contract_.remove(number, poller_.remove(number));
  }

  std::string remove_before_close(Place place) {
    const int number = world_.number(place);
    if (!world_.is_open(place) || !contract_.is_registered(number)) return {};
    return remove(place);
  }

  std::string wait_long(std::size_t room) {
    if (auto wrong = settle(); !wrong.empty()) return wrong;
    const bool must_end = room > 0 && contract_.must_end([this](Files::Id file) {
      return Contract::State{world_.files().promise(file), true};
    });
    return wait(room,
                must_end ? Timeout{subject_.patience} : Timeout{std::chrono::nanoseconds::zero()});
  }

  // What was sent has arrived, and the kernel agrees with the model; else whose fault it is could
  // not be told.
  std::string settle() {
    std::vector<World::Watched> watched;
    contract_.for_each_sound([&](int number, Files::Id file, Interest) {
      watched.push_back({number, file});
    });
    return world_.settle(watched);
  }

  std::string wait(std::size_t room, Timeout timeout) {
    if (auto wrong = settle(); !wrong.empty()) return wrong;
    ask_reference(before_);
    // One more than is offered, to see that nothing writes there.
    events_.assign(room + 1, Event{Token{untouched}, Ready::none});
    const test::Stopwatch watch;
    const auto result = poller_.wait(std::span(events_).first(room), timeout);
    const Contract::Wait request{room, timeout, watch.elapsed()};
    ask_reference(after_);
    ++tally_.waits;
    tally_.events += result.count;
    if (auto wrong = check_unused_room(result); !wrong.empty()) return wrong;
    combine_opinions();
    if (!disagreement_.empty()) return std::exchange(disagreement_, {});
    return contract_.wait(
        request, std::span(events_).first(std::min(result.count, room)), result,
        [this](Files::Id file) { return state_of(file); },
        [this](int number) { return world_.meaning_of(number); });
  }

  std::string check_unused_room(const WaitResult& result) const {
    for (auto index = result.count; index < events_.size(); ++index) {
      if (events_[index] != Event{Token{untouched}, Ready::none}) {
        return "WAIT-1: what is behind the last event was written to";
      }
    }
    return {};
  }

  using Opinions = std::map<Files::Id, Ready>;

  void ask_reference(Opinions& opinions) {
    opinions.clear();
    auto* second = reference();
    if (second == nullptr) return;
    second->look();
    contract_.for_each_sound([&](int number, Files::Id file, Interest interest) {
      if (world_.files().is_over(file)) return;
      ++tally_.second_opinions;
      // Each is asked about the directions of its own; what one duplicate asked, the other may
      // not have.
      asked_[file] |= to_directions(interest);
      opinions[file] |= second->found(number);
    });
  }

  static Ready to_directions(Interest interest) {
    Ready ready = Ready::none;
    if (contains(interest, Interest::read)) ready |= Ready::readable;
    if (contains(interest, Interest::write)) ready |= Ready::writable;
    return ready;
  }

  // What libevent saw before the wait and after it holds in between; what it saw at neither time
  // does not.
  void combine_opinions() {
    states_.clear();
    for (const auto& [file, first] : before_) {
      const auto second = after_[file];
      const auto asked = asked_[file];
      auto promise = world_.files().promise(file);
      const auto surely = first & second;
      const auto perhaps = first | second;
      if (without(promise.must & asked, perhaps) != Ready::none ||
          without(surely, promise.may) != Ready::none) {
        disagreement_ = "libevent found " + to_string(perhaps) + " where the model has " +
                        to_string(promise.must) + " to " + to_string(promise.may);
      }
      if (!world_.files().is_told_late(file)) promise.must |= surely;
      promise.may = without(promise.may, without(asked, perhaps));
      states_[file] = promise;
    }
    asked_.clear();
  }

  Contract::State state_of(Files::Id file) const {
    const auto known = states_.find(file);
    return {known != states_.end() ? known->second : world_.files().promise(file),
            world_.files().is_prompt(file)};
  }

  static constexpr std::uint64_t untouched = 0xdeadbeefdeadbeef;

  const Subject& subject_;
  Poller& poller_;
  Tally& tally_;
  Contract contract_;
  World world_;
  std::vector<Event> events_;
  Opinions before_;
  Opinions after_;
  std::map<Files::Id, Ready> asked_;
  std::map<Files::Id, Promise> states_;
  std::string disagreement_;
};

std::string play_to(const Subject& subject, const Sequence& sequence, Tally& tally) {
  const auto poller = subject.open();
  if (!poller) throw std::runtime_error("cannot open " + subject.name);
  Player player(subject, *poller, tally);
  ++tally.sequences;
  std::size_t step = 0;
  for (const auto& operation : sequence.operations()) {
    ++tally.operations;
    ++step;
    if (auto wrong = player.perform(operation); !wrong.empty()) {
      return "step " + std::to_string(step) + ", " + to_code(operation) + ": " + wrong;
    }
  }
  return {};
}

// What libkqueue does as kevent(2) has it.
bool is_plain(const Sequence& sequence) {
  return std::ranges::none_of(sequence.operations(), [](const Operation& operation) {
    const auto verb = operation.verb;
    const bool is_misuse = verb == Verb::replace || verb == Verb::close_without_remove;
    const bool has_error =
        verb == Verb::reset || (verb == Verb::open && operation.kind == Kind::refused);
    return is_misuse || has_error || verb == Verb::send_urgent;
  });
}

// Only libkqueue is a kqueue on Linux.
bool is_emulation([[maybe_unused]] std::string_view backend) {
#ifdef __linux__
  return backend == "kqueue";
#else
  return false;
#endif
}

}  // namespace

Subject subject_of(std::string_view backend) {
  const auto open = [name = std::string(backend)]() {
    auto result = open_poller(name);
    if (!result) throw std::runtime_error(result.message);
    return std::move(result.poller);
  };
  return {.name = std::string(backend),
          .open = open,
          .licence = {.splits_directions = backend == "kqueue",
                      .repeats_edge_after_refusal = backend == "kqueue",
                      .omits_hints = is_emulation(backend),
                      .holds_closed_files = backend == "io_uring"},
          .is_emulated = is_emulation(backend)};
}

std::string play(const Subject& subject, const Sequence& sequence, Tally* tally) {
  Tally unused;
  return play_to(subject, sequence, tally != nullptr ? *tally : unused);
}

std::vector<std::string> usable_backends() {
  std::vector<std::string> names;
  for (const auto& status : available_backends()) {
    if (status.is_available()) names.emplace_back(status.name);
  }
  return names;
}

std::string play_everywhere(const Sequence& sequence) {
  for (const auto& backend : usable_backends()) {
    const auto subject = subject_of(backend);
    if (subject.is_emulated && !is_plain(sequence)) continue;
    if (auto wrong = play(subject, sequence); !wrong.empty()) {
      return wrong.insert(0, backend + ", ");
    }
  }
  return {};
}

}  // namespace polymux::differential
