# shellcheck shell=sh disable=SC2034
# Debian 12 and Ubuntu 22.04, and newer; read by ports/run.
packages_serve="g++:${CXX:-c++} cmake:cmake ninja-build:ninja pkg-config:pkg-config
  libevent-dev liburing-dev libcli11-dev nlohmann-json3-dev libspdlog-dev"
packages_test="libgtest-dev libgmock-dev librapidcheck-dev python3:python3 python3-jsonschema socat:socat netcat-openbsd curl:curl strace:strace"

install_hint='apt-get install'
needs_root=yes

is_installed() {
  dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

install_packages() {
  # A fresh machine has no lists, an old one lists what is gone. An update that fails may still
  # have left lists that will do: the install says.
  as_root apt-get -q update ||
    echo "apt-get update failed; trying with the lists that are here" >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 install "$@"
}
