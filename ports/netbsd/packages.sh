# shellcheck shell=sh disable=SC2034
# NetBSD with pkgin; read by ports/run. nc is in the base system.
PATH=$PATH:/usr/pkg/bin:/usr/pkg/sbin
export PATH
packages_serve="cmake:cmake ninja-build:ninja pkgconf:pkg-config libevent CLI11 nlohmann-json spdlog"
packages_test="googletest python311:python3.11 socat:socat"

# The compiler of the base system is older than C++20 until NetBSD 11.
base_compiler=$(c++ -dumpversion 2>/dev/null || echo 0)
if [ -z "${CXX-}" ] && [ "${base_compiler%%.*}" -lt 12 ]; then
  packages_serve="gcc12 $packages_serve"
  CXX=/usr/pkg/gcc12/bin/g++
  export CXX
fi

install_hint='pkgin install'
needs_root=yes

is_installed() { pkg_info -qe "$1"; }

install_packages() {
  command -v pkgin >/dev/null 2>&1 || {
    echo "pkgin is not installed; as root, run: pkg_add pkgin" >&2
    return 1
  }
  as_root pkgin -y update && as_root pkgin -y install "$@"
}
