// Faults in a child: what it shares with its parent without knowing.

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include <polymux/poller/error.hpp>

#include "tests/conformance/broken/broken_poller.hpp"
#include "tests/conformance/broken/tracking_poller.hpp"

namespace polymux::test {
namespace {

class DoesNotNoticeTheFork final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code remove(int fd) noexcept override { return pass(ForwardingPoller::remove(fd)); }
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    return pass(ForwardingPoller::add(fd, token, interest, trigger));
  }

 private:
  static std::error_code pass(std::error_code error) {
    return error == Errc::used_after_fork ? std::error_code{} : error;
  }
};

/// Compares its maker with the process and with that one's parent.
class DoesNotNoticeTheSecondFork final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::error_code remove(int fd) noexcept override {
    const auto error = ForwardingPoller::remove(fd);
    const bool is_noticed = ::getpid() == maker_ || ::getppid() == maker_;
    return error == Errc::used_after_fork && !is_noticed ? Errc::not_registered : error;
  }

 private:
  pid_t maker_ = ::getpid();
};

/// A pipe that a child shares with its parent, as both share an epoll set.
class SharesWithTheChild : public EditingPoller {
 public:
  explicit SharesWithTheChild(std::unique_ptr<Poller> inner) : EditingPoller(std::move(inner)) {
    if (::pipe(ends_.data()) != 0) ends_ = {-1, -1};
    for (const int end : ends_) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  ~SharesWithTheChild() override {
    for (const int end : ends_) ::close(end);
  }

 protected:
  [[nodiscard]] bool is_child() const noexcept { return ::getpid() != maker_; }
  [[nodiscard]] int reader() const noexcept { return ends_[0]; }
  void tell_the_parent() const noexcept { static_cast<void>(::write(ends_[1], "x", 1) == 1); }

 private:
  std::array<int, 2> ends_{};
  pid_t maker_ = ::getpid();
};

class WakeOfAChildRousesTheParent final : public SharesWithTheChild {
 public:
  explicit WakeOfAChildRousesTheParent(std::unique_ptr<Poller> inner)
      : SharesWithTheChild(std::move(inner)) {
    static_cast<void>(this->inner().add(reader(), own_token, Interest::read, Trigger::level));
  }
  void wake() noexcept override {
    if (is_child()) tell_the_parent();
    SharesWithTheChild::wake();
  }

 private:
  static constexpr Token own_token{0xfeed};
};

/// A destructor that takes each registration out of a set that is the parent's too.
class ChildTidiesUp final : public SharesWithTheChild {
 public:
  using SharesWithTheChild::SharesWithTheChild;
  ~ChildTidiesUp() override {
    if (is_child()) tell_the_parent();
  }

 private:
  std::size_t append(std::span<Event> /*out*/, std::size_t count) override {
    if ((poll_bits_of(reader(), POLLIN) & POLLIN) == 0) return count;
    for_each([this](int fd, const Tracked&) { static_cast<void>(inner().remove(fd)); });
    return count;
  }
  bool edit(Event& /*event*/) override { return (poll_bits_of(reader(), POLLIN) & POLLIN) == 0; }
};

class ChildTakesTheWakesAlong final : public SharesWithTheChild {
 public:
  using SharesWithTheChild::SharesWithTheChild;
  ~ChildTakesTheWakesAlong() override {
    if (is_child()) tell_the_parent();
  }
  void wake() noexcept override {
    if ((poll_bits_of(reader(), POLLIN) & POLLIN) == 0) SharesWithTheChild::wake();
  }
};

class ClosesStrangers final : public ForwardingPoller {
 public:
  explicit ClosesStrangers(std::unique_ptr<Poller> inner)
      : ForwardingPoller(std::move(inner)), fd_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}
  ClosesStrangers(const ClosesStrangers&) = delete;
  ClosesStrangers& operator=(const ClosesStrangers&) = delete;
  ~ClosesStrangers() override { ::close(fd_); }

 private:
  int fd_;
};

/// One mark for the whole process, made when it is first needed, and inherited.
class MarksTheProcessOnce final : public ForwardingPoller {
 public:
  explicit MarksTheProcessOnce(std::unique_ptr<Poller> inner) : ForwardingPoller(std::move(inner)) {
    static_cast<void>(first_process());
  }
  std::error_code add(int fd, Token token, Interest interest, Trigger trigger) noexcept override {
    if (::getpid() != first_process()) return Errc::used_after_fork;
    return ForwardingPoller::add(fd, token, interest, trigger);
  }

 private:
  static pid_t first_process() {
    static const pid_t first = ::getpid();
    return first;
  }
};

class GivesTheChildItsHandle final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  std::optional<int> pollable_handle() noexcept override {
    if (!handle_) handle_ = ForwardingPoller::pollable_handle();
    return handle_;
  }

 private:
  std::optional<int> handle_ = ForwardingPoller::pollable_handle();
};

class TakesAnyChildForAFork final : public ForwardingPoller {
 public:
  using ForwardingPoller::ForwardingPoller;
  WaitResult wait(std::span<Event> out, Timeout timeout) noexcept override {
    if (faults_of_children() != before_) return {.error = Errc::used_after_fork};
    return ForwardingPoller::wait(out, timeout);
  }

 private:
  static long faults_of_children() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_minflt;
  }
  long before_ = faults_of_children();
};

}  // namespace

void add_fork_faults(BrokenPollers& all) {
  using enum Base;
  all.insert(
      all.end(),
      {
          broken<DoesNotNoticeTheFork>("does_not_notice_the_fork", plain, "eventlet/eventlet#68",
                                       {{"Fork1UseInTheChildIsRefused", "failed_step"},
                                        {"Fork1UseInAGrandchildIsRefused", "failed_step"}}),
          broken<DoesNotNoticeTheSecondFork>("does_not_notice_the_second_fork", best,
                                             "a mark that is compared with the parent's",
                                             {{"Fork1UseInAGrandchildIsRefused", "failed_step"}}),
          broken<GivesTheChildItsHandle>("gives_the_child_its_handle", handle,
                                         "a number that is kept",
                                         {{"Fork1UseInTheChildIsRefused", "failed_step"}}),
          broken<WakeOfAChildRousesTheParent>(
              "wake_of_a_child_rouses_the_parent", best, "a self-pipe that is shared",
              {{"Fork1WakeInTheChildDoesNotWakeTheParent", "silence was expected"},
               {"Fork1WakeInTheChildDoesNotShowOnTheHandleOfTheParent", "readable"}}),
          broken<ChildTidiesUp>(
              "child_tidies_up", plain, "EPOLL_CTL_DEL in a child; eventlet/eventlet#68",
              {{"Fork2DestroyingInTheChildChangesNothingForTheParent", "no readable"}}),
          broken<ChildTakesTheWakesAlong>(
              "child_takes_the_wakes_along", plain, "a wake-up descriptor that a child reads",
              {{"Fork2DestroyingInTheChildChangesNothingForTheParent", "woken"}}),
          broken<ClosesStrangers>("closes_strangers", plain,
                                  "openpmix/prrte#2540; bloomberg/comdb2#4567",
                                  {{"Fork3NumbersOfTheChildStayItsOwn", "failed_step"}}),
          broken<MarksTheProcessOnce>(
              "marks_the_process_once", plain, "libevent/libevent#319",
              {{"Fork4ChildMayOpenItsOwn", "failed_step"},
               {"Fork4ChildMayRegisterWhatTheParentHasNot", "failed_step"}}),
          broken<TakesAnyChildForAFork>("takes_any_child_for_a_fork", best,
                                        "a mark that vfork(2) makes in the parent's memory",
                                        {{"Fork6StartedProgramChangesNothing", "wait failed"}}),
      });
}

}  // namespace polymux::test
