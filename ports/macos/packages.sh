# shellcheck shell=sh disable=SC2034
# macOS with Homebrew; read by ports/run. The compiler comes with the Command Line Tools.
packages_serve="cmake:cmake ninja:ninja pkgconf:pkg-config libevent cli11 nlohmann-json spdlog"
packages_test="googletest python:python3 socat:socat"

install_hint='brew install'
needs_root=no

is_installed() { brew list --versions "$1" >/dev/null 2>&1; }

# Homebrew refuses to run as root.
install_packages() {
  command -v brew >/dev/null 2>&1 || {
    echo "Homebrew is not installed; its home page says how to get it" >&2
    return 1
  }
  brew install "$@"
}

if ! xcode-select -p >/dev/null 2>&1; then
  echo "ports/run: no compiler; run 'xcode-select --install' and try again" >&2
  exit 1
fi
