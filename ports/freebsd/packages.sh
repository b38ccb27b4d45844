# shellcheck shell=sh disable=SC2034
# FreeBSD; read by ports/run. The compiler, nc and truss are in the base system.
packages_serve="cmake:cmake ninja:ninja pkgconf:pkg-config libevent cli11 nlohmann-json spdlog"
packages_test="googletest python3:python3 socat:socat"

install_hint='pkg install'
needs_root=yes

is_installed() { pkg info -e "$1" >/dev/null 2>&1; }

# ASSUME_ALWAYS_YES also lets pkg install itself, which a fresh system has not done.
install_packages() { as_root env ASSUME_ALWAYS_YES=yes pkg install -y "$@"; }
