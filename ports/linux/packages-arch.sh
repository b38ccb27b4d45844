# shellcheck shell=sh disable=SC2034
# Arch Linux; read by ports/run.
packages_serve="gcc:${CXX:-c++} cmake:cmake ninja:ninja pkgconf:pkg-config
  libevent liburing cli11 nlohmann-json spdlog"
packages_test="gtest python:python3 python-jsonschema socat:socat openbsd-netcat:nc strace:strace"

install_hint='pacman -Syu'
needs_root=yes

is_installed() { pacman -Q "$1" >/dev/null 2>&1; }

# With -yu: Arch does not support new packages on a system that is not up to date.
install_packages() { as_root pacman -Syu --needed --noconfirm "$@"; }
