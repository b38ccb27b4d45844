#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <system_error>

namespace polymux {

/// A socket that is bound to every address of the machine (0.0.0.0, [::]) sends from the one that
/// the route to the peer begins with, which need not be the one that the peer has asked: who talks
/// to one address alone then never sees the answer. So the system is asked with each datagram for
/// the address that it was sent to, and told it with the answer, in the form of ancillary data.
///
/// Where that is not done (answer_source_none.cpp), listen on each address by its own name.

/// Room for the ancillary data of one datagram.
inline constexpr std::size_t answer_source_size = 64;

/// Once for each socket, after it is bound.
[[nodiscard]] std::error_code ask_for_answer_source(int socket, const sockaddr& bound) noexcept;

/// Makes of what came with a datagram what goes with its answer.
void make_answer_source(msghdr& received) noexcept;

}  // namespace polymux
