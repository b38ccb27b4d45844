#include <sys/select.h>

#include <cerrno>

#include "apps/polymux/probe/multiplexer.hpp"
#include "apps/polymux/probe/system_failure.hpp"
#include "apps/polymux/probe/timeouts.hpp"

namespace probe {
namespace {

class SelectSession final : public Session {
 public:
  void watch(int fd, Interest interest) override {
    // FD_SET writes outside the set for a greater number (select(2), NOTES).
    if (fd < 0 || fd >= FD_SETSIZE) throw Refusal("FD_SET", EINVAL);
    fd_ = fd;
    interest_ = interest;
  }

  Flags look(std::chrono::milliseconds /*patience*/) override {
    fd_set readers;
    fd_set writers;
    fd_set exceptions;
    // A call that was interrupted may have changed all of them.
    const auto call = [&] {
      readers = set_if(true);
      writers = set_if(interest_ == Interest::all);
      exceptions = set_if(interest_ == Interest::all);
      timeval at_once{};
      return ::select(fd_ + 1, &readers, &writers, &exceptions, &at_once);
    };
    if (uninterrupted(call) < 0) throw SystemFailure("select");
    Flags flags;
    if (FD_ISSET(fd_, &readers)) flags.emplace_back("read");
    if (FD_ISSET(fd_, &writers)) flags.emplace_back("write");
    if (FD_ISSET(fd_, &exceptions)) flags.emplace_back("except");
    return flags;
  }

 private:
  [[nodiscard]] fd_set set_if(bool is_wanted) const {
    fd_set set;
    FD_ZERO(&set);
    if (is_wanted) FD_SET(fd_, &set);
    return set;
  }

  int fd_ = -1;
  Interest interest_ = Interest::all;
};

}  // namespace

extern const Opening select_opening;
const Opening select_opening{
    .open = []() -> std::unique_ptr<Session> { return std::make_unique<SelectSession>(); }};

}  // namespace probe
