# shellcheck shell=sh disable=SC2034
# Alpine Linux with its community repository; read by ports/run.
packages_serve="g++:${CXX:-c++} cmake:cmake samurai:ninja pkgconf:pkg-config
  libevent-dev liburing-dev cli11-dev nlohmann-json spdlog-dev"
packages_test="gtest-dev python3:python3 py3-jsonschema socat:socat netcat-openbsd strace:strace"

install_hint='apk add'
needs_root=yes

is_installed() { apk info -e "$1" >/dev/null 2>&1; }

install_packages() { as_root apk add --update-cache "$@"; }
