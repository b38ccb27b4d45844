// Faults about what belongs to the caller and to the process: descriptors, signals, memory.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

class ClosesWhatItBorrowed final : public TrackingPoller {
 public:
  using TrackingPoller::TrackingPoller;
  ~ClosesWhatItBorrowed() override {
    for_each([](int fd, const Tracked&) { ::close(fd); });
  }
};

/// Does something to each number that is registered.
template <void Touch(int)>
class TouchesDescriptors final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = ForwardingPoller::add(fd, token, interest, trigger);
    if (!error) Touch(fd);
    return error;
  }
};

void make_non_blocking(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void close_on_exec(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void take_ownership(int fd) {
  // The group, for the process may be its owner by right.
  ::fcntl(fd, F_SETOWN, -::getpgrp());
}

void take_a_byte(int fd) {
  char byte = 0;
  static_cast<void>(::read(fd, &byte, 1) == 1);
}

/// Does something to the process when it is opened, and perhaps undoes it when it is destroyed.
template <class Habit>
class HasAHabit final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;

 private:
  Habit habit_;
};

struct LeaksADescriptor {
  LeaksADescriptor() { static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
};

class ForgetsCloseOnExec {
 public:
  ForgetsCloseOnExec() : fd_(::open("/dev/null", O_RDONLY)) {}
  ForgetsCloseOnExec(const ForgetsCloseOnExec&) = delete;
  ForgetsCloseOnExec& operator=(const ForgetsCloseOnExec&) = delete;
  ~ForgetsCloseOnExec() { ::close(fd_); }

 private:
  int fd_;
};

struct IgnoresSigpipe {
  IgnoresSigpipe() { ::signal(SIGPIPE, SIG_IGN); }
};

struct HandlesSignals {
  HandlesSignals() {
    ::signal(SIGCHLD, [](int) {});
  }
  HandlesSignals(const HandlesSignals&) = delete;
  HandlesSignals& operator=(const HandlesSignals&) = delete;
  ~HandlesSignals() { ::signal(SIGCHLD, SIG_DFL); }
};

struct WritesTheEnvironment {
  WritesTheEnvironment() { ::setenv("EVENT_NOEPOLL", "1", 1); }
};

void change_mask(int how, int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  ::pthread_sigmask(how, &set, nullptr);
}

struct BlocksAnotherSignal {
  BlocksAnotherSignal() { change_mask(SIG_BLOCK, SIGUSR2); }
  BlocksAnotherSignal(const BlocksAnotherSignal&) = delete;
  BlocksAnotherSignal& operator=(const BlocksAnotherSignal&) = delete;
  ~BlocksAnotherSignal() { change_mask(SIG_UNBLOCK, SIGUSR2); }
};

struct LeavesASignalBlocked {
  LeavesASignalBlocked() { change_mask(SIG_BLOCK, SIGIO); }
};

class AbortsOnRefusal final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = ForwardingPoller::add(fd, token, interest, trigger);
    if (error) ::abort();
    return error;
  }
};

class NeverGivesASlotBack final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    slots_.push_back(std::make_unique<std::array<char, 64>>());
    return ForwardingPoller::add(fd, token, interest, trigger);
  }

 private:
  std::vector<std::unique_ptr<std::array<char, 64>>> slots_;
};

class GrowsInPlace final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  GrowsInPlace(const GrowsInPlace&) = delete;
  GrowsInPlace& operator=(const GrowsInPlace&) = delete;
  ~GrowsInPlace() override { ::free(memory_); }
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    // Not through operator new, which is counted: the resident memory tells.
    size_ += 128;
    if (auto* grown = static_cast<char*>(::realloc(memory_, size_))) {
      std::fill_n(grown + size_ - 128, 128, 'x');
      memory_ = grown;
    }
    return ForwardingPoller::add(fd, token, interest, trigger);
  }

 private:
  char* memory_ = nullptr;
  std::size_t size_ = 0;
};

/// Needs a descriptor of its own for each registration, as an io_uring or a poll in a thread would.
class NeedsADescriptorToAdd : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const int own = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (own < 0) return refusal();
    ::close(own);
    return ForwardingPoller::add(fd, token, interest, trigger);
  }

 private:
  [[nodiscard]] virtual std::error_code refusal() = 0;
};

class SilentAboutEmfile final : public NeedsADescriptorToAdd {
 public:
  using NeedsADescriptorToAdd::NeedsADescriptorToAdd;

 private:
  std::error_code refusal() override { return {}; }
};

class SaysAnotherCodeForEmfile final : public NeedsADescriptorToAdd {
 public:
  using NeedsADescriptorToAdd::NeedsADescriptorToAdd;

 private:
  std::error_code refusal() override { return std::make_error_code(std::errc::not_enough_memory); }
};

class NeverRecoversFromEmfile final : public NeedsADescriptorToAdd {
 public:
  using NeedsADescriptorToAdd::NeedsADescriptorToAdd;
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return has_failed_ ? refusal() : NeedsADescriptorToAdd::add(fd, token, interest, trigger);
  }

 private:
  std::error_code refusal() override {
    has_failed_ = true;
    return {EMFILE, std::system_category()};
  }
  bool has_failed_ = false;
};

/// The file has one owner, the poller that came last, as O_ASYNC has it.
class BelongsToTheLast final : public EditingPoller {
 public:
  using EditingPoller::EditingPoller;
  ~BelongsToTheLast() override {
    for_each([](int fd, const Tracked&) { owners()[fd] = nullptr; });
  }
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    const auto error = EditingPoller::add(fd, token, interest, trigger);
    if (!error) owners()[fd] = this;
    return error;
  }

 private:
  bool edit(Event& event) override { return owners()[number_of(event.token)] == this; }
  static std::map<int, const Poller*>& owners() {
    static std::map<int, const Poller*> all;
    return all;
  }
};

}  // namespace

void add_process_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<ClosesWhatItBorrowed>("closes_what_it_borrowed", best,
                                       "a destructor that tidies up",
                                       {"Own1DestroyedPollerLeavesDescriptorsOpen"}),
          broken<TouchesDescriptors<make_non_blocking>>(
              "makes_non_blocking", plain, "O_NONBLOCK behind the owner's back",
              {{"Own1PollerNeitherReadsNorChangesDescriptors", "before"}}),
          broken<TouchesDescriptors<close_on_exec>>(
              "makes_close_on_exec", plain, "FD_CLOEXEC behind the owner's back",
              {{"Own1PollerNeitherReadsNorChangesDescriptors", "before"}}),
          broken<TouchesDescriptors<take_ownership>>(
              "takes_ownership", best, "F_SETOWN of SIGIO that is not taken back",
              {{"Own1PollerNeitherReadsNorChangesDescriptors", "before"},
               {"Own1OwnerOfASocketStaysItsOwner", "getpid()"}}),
          broken<TouchesDescriptors<take_a_byte>>(
              "reads_what_is_there", best, "reading to learn if there is more",
              {{"Own1PollerNeitherReadsNorChangesDescriptors", "data"}}),
          broken<HasAHabit<ForgetsCloseOnExec>>(
              "forgets_close_on_exec", plain, "curl/curl#21779",
              {{"Own2EveryDescriptorOfThePollerIsClosedOnExec", "descriptor "}}),
          broken<HasAHabit<LeaksADescriptor>>(
              "leaks_a_descriptor", best, "a wake-up descriptor that nobody closes",
              {{"Own3DestroyedPollerLeavesNoDescriptorBehind", "before"}}),
          broken<HasAHabit<IgnoresSigpipe>>("ignores_sigpipe", plain,
                                            "libraries that write to sockets",
                                            {{"Own4ProcessIsLeftAsItWas", "signal handlers"}}),
          broken<HasAHabit<HandlesSignals>>("handles_signals", best,
                                            "child watchers of event loops",
                                            {{"Own4ProcessIsLeftAsItWas", "signal handlers"}}),
          broken<HasAHabit<WritesTheEnvironment>>("writes_the_environment", plain, "tmux/tmux#475",
                                                  {{"Own4ProcessIsLeftAsItWas", "environment"}}),
          broken<HasAHabit<BlocksAnotherSignal>>("blocks_another_signal", best,
                                                 "signalfd(2) for all",
                                                 {{"Own4ProcessIsLeftAsItWas", "signal "}}),
          broken<HasAHabit<LeavesASignalBlocked>>("leaves_a_signal_blocked", plain,
                                                  "a mask that is not restored",
                                                  {{"Own4ProcessIsLeftAsItWas", "signal mask"}}),
          broken<AbortsOnRefusal>("aborts_on_refusal", best,
                                  "abort() on what epoll_ctl(2) answers; libuv/libuv#2387",
                                  {{"Own4RefusalsDoNotEndTheProcess", crashes}}),
          broken<NeverGivesASlotBack>("never_gives_a_slot_back", best, "slots that are used once",
                                      {{"Own5ManyRegistrationsInTurnDoNotGrow", "allocations"}}),
          broken<GrowsInPlace>("grows_in_place", plain, "an array that only grows",
                               {{"Own5ManyRegistrationsInTurnDoNotGrow", "KiB"}}),
          broken<SilentAboutEmfile>(
              "silent_about_emfile", best, "oven-sh/bun#32706",
              {{"Own6OutOfDescriptorsAtAddIsToldAndHarmsNothing", "no readable"}}),
          broken<SaysAnotherCodeForEmfile>(
              "says_another_code_for_emfile", plain, "one code for all that fails",
              {{"Own6OutOfDescriptorsAtAddIsToldAndHarmsNothing", "too_many_files_open"}}),
          broken<NeverRecoversFromEmfile>(
              "never_recovers_from_emfile", best, "a state of failure that nobody leaves",
              {{"Own6OutOfDescriptorsAtAddIsToldAndHarmsNothing", "add("}}),
          broken<BelongsToTheLast>("belongs_to_the_last", best,
                                   "the owner of O_ASYNC; fcntl(2), F_SETOWN",
                                   {{"Own7DescriptorMayBeWithSeveralPollers", "no readable"},
                                    {"Own7WhoeverRegisteredFirstMayGoFirst", "no readable"}}),
      });
}

}  // namespace polymux::test
