# shellcheck shell=sh disable=SC2034
# OpenBSD; read by ports/run. The compiler, pkg-config and nc are in the base system. Its own
# libevent is of the first series: the package has the second.
packages_serve="cmake:cmake ninja:ninja libevent cli11 nlohmann-json spdlog"
packages_test="gtest python3:python3 socat:socat"

install_hint='pkg_add'
needs_root=yes

is_installed() { pkg_info -q -e "$1-*" >/dev/null 2>&1; }

# -I asks nothing.
install_packages() { as_root pkg_add -I "$@"; }
