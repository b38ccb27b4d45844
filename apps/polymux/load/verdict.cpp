#include <array>
#include <cstdio>

#include "report.hpp"
#include "units.hpp"

namespace load {
namespace {

std::uint64_t count_of(const FailureCounts& counts, Failure failure) {
  return counts[static_cast<std::size_t>(failure)];
}

// "1 request was", "2 requests were".
std::string were(std::uint64_t count, const std::string& what) {
  return with_commas(count) + " " + what + (count == 1 ? " was" : "s were");
}

std::string in_hex(unsigned char byte) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0x%02x", static_cast<unsigned>(byte));
  return text.data();
}

std::string describe(const WrongByte& wrong) {
  const auto where =
      "byte " + with_commas(wrong.position) + " on connection " + with_commas(wrong.connection);
  if (wrong.is_surplus) return where + " is one too many or too few";
  return where + " is " + in_hex(wrong.got) + ", not " + in_hex(wrong.expected);
}

std::string of_system(const Tally& tally, Failure failure) {
  if (failure != Failure::other || tally.first_error.empty()) return {};
  return " (" + tally.first_error + ")";
}

const char* why_not_opened(Failure failure) {
  static constexpr std::array<const char*, failure_count> reasons{
      "refused",
      "not answered within the time-out",
      "closed by the server before it answered",
      "reset by the server before it answered",
      "answered wrongly",
      "not made for want of a port: see --source",
      "not made for want of a descriptor: see ulimit -n",
      "not made because the run was ended",
      "not made because of an error"};
  return reasons[static_cast<std::size_t>(failure)];
}

const char* why_unanswered(Failure failure) {
  static constexpr std::array<const char*, failure_count> reasons{
      "refused",
      "not answered within the time-out",
      "lost when the server closed the connection",
      "lost when the server reset the connection",
      "answered wrongly",
      "not sent for want of a port: see --source",
      "not sent for want of a descriptor: see ulimit -n",
      "given up",
      "lost by an error"};
  return reasons[static_cast<std::size_t>(failure)];
}

class Complaints {
 public:
  Complaints(const Options& options, const Result& result)
      : options_(options), tally_(result.tally), result_(result) {}

  std::vector<std::string> all() {
    judge_requests();
    judge_connections();
    judge_whole();
    return std::move(lines_);
  }

 private:
  void add(std::string line) { lines_.push_back(std::move(line)); }

  // A second signal gives up requests, and that is no fault of the server.
  [[nodiscard]] bool is_expected(Failure failure) const {
    if (failure == Failure::abandoned) return true;
    return failure == Failure::timed_out && options_.is_udp;
  }

  void judge_requests() {
    for (std::size_t kind = 0; kind < failure_count; ++kind) {
      const auto failure = static_cast<Failure>(kind);
      const auto count = count_of(tally_.failures, failure);
      if (count == 0 || is_expected(failure)) continue;
      add(were(count, "request") + " " + why_unanswered(failure) + of_system(tally_, failure));
    }
    if (tally_.strays > 0) add(were(tally_.strays, "datagram") + " no answer to anything");
    if (tally_.first_wrong) add("the first wrong answer: " + describe(*tally_.first_wrong));
  }

  void judge_connections() {
    for (std::size_t kind = 0; kind < failure_count; ++kind) {
      const auto failure = static_cast<Failure>(kind);
      const auto failed = count_of(tally_.connection_failures, failure);
      if (failed > 0) {
        add(were(failed, "connection") + " " + why_not_opened(failure) +
            of_system(tally_, failure));
      }
      // What went wrong with a request has been said.
      const auto lost = count_of(tally_.connection_losses, failure);
      if (lost == 0 || count_of(tally_.failures, failure) > 0) continue;
      add(were(lost, "open connection") + " lost: " + name_of(failure) +
          of_system(tally_, failure));
    }
  }

  void judge_whole() {
    const bool was_asked = options_.connections > 0 || tally_.idle_opened == 0;
    if (was_asked && tally_.answered == 0) add("nothing was answered");
    if (result_.gave_up) add("ended, for nothing was answered any more");
  }

  const Options& options_;
  const Tally& tally_;
  const Result& result_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> complaints(const Options& options, const Result& result) {
  return Complaints(options, result).all();
}

}  // namespace load
