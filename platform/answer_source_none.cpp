// For systems where this has not been tried: an answer's address is the one that the route begins
// with.

#include "platform/answer_source.hpp"

namespace polymux {

std::error_code ask_for_answer_source(int /*socket*/, const sockaddr& /*bound*/) noexcept {
  return {};
}

void make_answer_source(msghdr& /*received*/) noexcept {}

}  // namespace polymux
