#include "apps/polymux/operation/identity.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <system_error>

#include "apps/polymux/operation/whole_number.hpp"
#include "platform/system_error.hpp"

namespace operation {
namespace {

std::string failed(const char* what) {
  return std::string(what) + ": " + polymux::last_error().message();
}

const passwd* find_user(const std::string& text) {
  if (const auto* const found = ::getpwnam(text.c_str())) return found;
  const auto number = parse_whole<uid_t>(text, 0, std::numeric_limits<uid_t>::max() - 1);
  return number ? ::getpwuid(*number) : nullptr;
}

const group* find_group(const std::string& text) {
  if (const auto* const found = ::getgrnam(text.c_str())) return found;
  const auto number = parse_whole<gid_t>(text, 0, std::numeric_limits<gid_t>::max() - 1);
  return number ? ::getgrgid(*number) : nullptr;
}

// The group is an int on macOS.
template <class Group>
int set_groups(int (*function)(const char*, Group), const Identity& identity) {
  return function(identity.name.c_str(), static_cast<Group>(identity.group));
}

bool is_other(const Identity& identity) noexcept {
  return ::getuid() != identity.user || ::geteuid() != identity.user ||
         ::getgid() != identity.group || ::getegid() != identity.group;
}

bool can_be_root_again() noexcept {
  return ::setuid(0) == 0 || ::seteuid(0) == 0;
}

}  // namespace

std::string find_identity(const std::string& user, const std::string& group, Identity& found) {
  const auto* const entry = find_user(user);
  if (entry == nullptr) {
    return "--user: there is no user '" + user + "'; give a name or a number of passwd(5)";
  }
  if (entry->pw_uid == 0) {
    return "--user: '" + user + "' is root, whose rights are to be given up; give another user";
  }
  found = {.name = entry->pw_name, .user = entry->pw_uid, .group = entry->pw_gid};
  if (group.empty()) return {};
  const auto* const other = find_group(group);
  if (other == nullptr) {
    return "--group: there is no group '" + group + "'; give a name or a number of group(5)";
  }
  found.group = other->gr_gid;
  return {};
}

std::string become(const Identity& identity) {
  if (::geteuid() != 0) {
    return "--user " + identity.name + ": only root can become another user, and this is user " +
           std::to_string(::geteuid()) + "; start it as root, or without --user";
  }
  const auto who = "cannot become user '" + identity.name + "': ";
  if (set_groups(::initgroups, identity) != 0) return who + failed("initgroups");
  if (::setgid(identity.group) != 0) return who + failed("setgid");
  if (::setuid(identity.user) != 0) return who + failed("setuid");
  if (is_other(identity)) return who + "the system has not changed all of its numbers";
  if (can_be_root_again()) return who + "it could become root again";
  return {};
}

}  // namespace operation
