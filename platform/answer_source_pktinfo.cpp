// Linux (ip(7), ipv6(7)): the structure that was received may be sent. Its address counts, and not
// its interface: the answer may take another way than the question.

#include <netinet/in.h>

#include <cstring>

#include "platform/answer_source.hpp"
#include "platform/system_error.hpp"

namespace polymux {
namespace {

static_assert(answer_source_size >= CMSG_SPACE(sizeof(in6_pktinfo)) &&
              answer_source_size >= CMSG_SPACE(sizeof(in_pktinfo)));

template <class Address>
Address copy_of(const sockaddr& address) noexcept {
  Address copy{};
  std::memcpy(&copy, &address, sizeof copy);
  return copy;
}

bool is_every_address(const sockaddr& bound) noexcept {
  if (bound.sa_family == AF_INET) return copy_of<sockaddr_in>(bound).sin_addr.s_addr == INADDR_ANY;
  if (bound.sa_family != AF_INET6) return false;
  const auto six = copy_of<sockaddr_in6>(bound);
  return std::memcmp(&six.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0;
}

template <class Info, class Index>
void forget_interface(cmsghdr& header, Index Info::*interface) noexcept {
  Info info{};
  std::memcpy(&info, CMSG_DATA(&header), sizeof info);
  info.*interface = 0;
  std::memcpy(CMSG_DATA(&header), &info, sizeof info);
}

// The macros of musl cast and compare in ways that our warnings are against.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-align"
#pragma GCC diagnostic ignored "-Wsign-compare"
cmsghdr* header_after(msghdr& message, cmsghdr* header) noexcept {
  return CMSG_NXTHDR(&message, header);
}
#pragma GCC diagnostic pop

}  // namespace

std::error_code ask_for_answer_source(int socket, const sockaddr& bound) noexcept {
  if (!is_every_address(bound)) return {};
  const int on = 1;
  const bool is_six = bound.sa_family == AF_INET6;
  const int failed = ::setsockopt(socket, is_six ? IPPROTO_IPV6 : IPPROTO_IP,
                                  is_six ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof on);
  return failed == 0 ? std::error_code{} : last_error();
}

void make_answer_source(msghdr& received) noexcept {
  for (auto* header = CMSG_FIRSTHDR(&received); header != nullptr;
       header = header_after(received, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      forget_interface(*header, &in_pktinfo::ipi_ifindex);
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      forget_interface(*header, &in6_pktinfo::ipi6_ifindex);
    }
  }
}

}  // namespace polymux
