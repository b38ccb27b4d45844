#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <polymux/poller/capabilities.hpp>
#include <polymux/poller/event.hpp>

#include "tests/differential/files.hpp"

namespace polymux::differential {

/// What a number means at present.
struct Meaning {
  /// `Files::none` if the number is not open.
  Files::Id file = Files::none;
  bool can_read = false;
  bool can_write = false;
  bool is_pollable = false;
};

/// What one backend may do that others may not, beside its capabilities.
struct Licence {
  /// The directions of one registration may come in two waits where room is short (kqueue).
  bool splits_directions = false;
  /// A second `add`, which is refused, has the kernel look again at an edge (kqueue).
  bool repeats_edge_after_refusal = false;
  /// The end of the stream may come without its hint, though the capability is there (libkqueue).
  bool omits_hints = false;
  /// A file whose number is closed under its registration may stay open until `remove` (io_uring).
  bool holds_closed_files = false;
};

/// docs/contract.md as arithmetic: the registrations of one poller, which answers it has to give
/// and which events. Each complaint begins with the rule that was broken; an empty one is none.
class Contract {
 public:
  Contract(const Capabilities& capabilities, Licence licence)
      : capabilities_(capabilities), licence_(licence) {}

  /// A token that no registration has had yet.
  [[nodiscard]] Token fresh_token() { return Token{++last_token_}; }

  [[nodiscard]] std::string add(int number, const Meaning& meaning, Token token, Interest interest,
                                Trigger trigger, std::error_code answer);
  [[nodiscard]] std::string modify(int number, const Meaning& meaning, Token token,
                                   Interest interest, Trigger trigger, std::error_code answer);
  [[nodiscard]] std::string remove(int number, std::error_code answer);
  void wake() { is_woken_ = true; }

  /// The number was closed or means another file; a mistake if it is registered.
  void number_changed(int number);
  /// Something was done to the file, or to its other side; `promise` is what holds by now.
  void file_changed(Files::Id file, const Promise& promise);

  struct Wait {
    std::size_t room = 0;
    Timeout timeout{};
    std::chrono::nanoseconds lasted{};
  };
  /// What the file promises in the moment of the wait, and whether a repeated edge would be wrong.
  struct State {
    Promise promise{};
    bool is_prompt = false;
  };
  using StateOf = std::function<State(Files::Id)>;
  using MeaningOf = std::function<Meaning(int number)>;

  [[nodiscard]] std::string wait(const Wait& wait, std::span<const Event> events,
                                 const WaitResult& result, const StateOf& state_of,
                                 const MeaningOf& meaning_of);

  /// Whether a wait has to end without a time-out.
  [[nodiscard]] bool must_end(const StateOf& state_of) const;

  /// Calls `visit(number, file, interest)` for each registration that nobody has made a mistake
  /// with.
  template <class Visitor>
  void for_each_sound(Visitor visit) const {
    for (const auto& [number, it] : registrations_) {
      if (!it.is_stale) visit(number, it.file, it.interest);
    }
  }
  [[nodiscard]] bool is_registered(int number) const { return registrations_.contains(number); }

 private:
  struct Registration {
    Token token{};
    Interest interest = Interest::none;
    Trigger trigger = Trigger::level;
    Files::Id file = Files::none;
    bool can_read = false;
    bool can_write = false;
    /// A oneshot that was reported.
    bool has_fired = false;
    /// What an edge has told and what has held ever since.
    Ready told = Ready::none;
    /// Something happened to the file since the edge was last looked at.
    bool is_touched = true;
    /// The number was closed without `remove`.
    bool is_stale = false;
    /// A refused `add` may have ended it.
    bool is_doubtful = false;
    bool was_invalid = false;
    int late_reports = 0;
    /// The registrations that were reported while this one waited for room.
    std::set<Token> overtakers{};
  };

  using Answers = std::vector<std::error_code>;
  [[nodiscard]] std::error_code refuse_request(Interest interest, Trigger trigger) const;
  [[nodiscard]] Answers answers_to_add(int number, const Meaning& meaning, Interest interest,
                                       Trigger trigger) const;
  [[nodiscard]] Answers answers_to_modify(int number, const Meaning& meaning, Interest interest,
                                          Trigger trigger) const;

  [[nodiscard]] Promise expected(const Registration& it, const State& state) const;
  [[nodiscard]] std::string judge_event(const Event& event, Registration& it, const State& state,
                                        bool is_full) const;
  [[nodiscard]] std::string judge_late_event(const Event& event, Registration& it,
                                             bool is_open) const;
  [[nodiscard]] std::string judge_result(const Wait& wait, const WaitResult& result);
  [[nodiscard]] Registration* find(Token token);

  Capabilities capabilities_;
  Licence licence_;
  std::map<int, Registration> registrations_;
  std::uint64_t last_token_ = 0;
  bool is_woken_ = false;
  /// A number was closed under its registration: a backend may have to make its set anew, where
  /// edges are told again and turns begin anew.
  bool was_misused_ = false;
};

}  // namespace polymux::differential
