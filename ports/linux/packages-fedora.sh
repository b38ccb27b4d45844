# shellcheck shell=sh disable=SC2034
# Fedora, and what else has dnf; read by ports/run.
packages_serve="gcc-c++:${CXX:-c++} cmake:cmake ninja-build:ninja pkgconf-pkg-config:pkg-config
  libevent-devel liburing-devel cli11-devel json-devel spdlog-devel"
packages_test="gtest-devel gmock-devel python3:python3 python3-jsonschema socat:socat netcat:nc strace:strace"

install_hint='dnf install'
needs_root=yes

is_installed() { rpm -q "$1" >/dev/null 2>&1; }

install_packages() { as_root dnf -y install "$@"; }
