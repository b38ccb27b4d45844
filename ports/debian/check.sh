#!/usr/bin/env bash
# Makes the packages of Debian, lets lintian examine them, and installs, uses and removes them in a root
# of their own: nothing of this system changes.
#
# usage: ports/debian/check.sh [BUILD]      BUILD is build/debian unless told, and may be there already
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$(realpath -m "${1:-build/debian}")
root=$build/root
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

say() { echo "-- $*"; }

make_packages() {
  # The flags of everyday builds, so that a compiler cache has all of it; the linker adds what Debian
  # wants of it.
  local hardening='-Wl,-z,relro,-z,now' generator=()
  if command -v ninja >/dev/null; then generator=(-G Ninja); fi
  cmake -S . -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=/usr \
    -DCMAKE_EXE_LINKER_FLAGS="$hardening -pie" -DCMAKE_SHARED_LINKER_FLAGS="$hardening" \
    -DPOLYMUX_BUILD_TESTS=OFF -DPOLYMUX_BUILD_CONFORMANCE=ON -DPOLYMUX_BUILD_BENCH=OFF
  cmake --build "$build" --parallel "$jobs"
  rm -rf "$build/packages"
  (cd "$build" && cpack -G DEB)
}

examine() {
  if ! command -v lintian >/dev/null; then
    say 'no lintian here: not examined'
    return
  fi
  # polymux has no address yet: what stands for it is in a domain that can be nobody's (RFC 2606).
  lintian --allow-root --fail-on error "$build"/packages/*.deb \
    --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog
}

# dpkg keeps a root of its own, if it may; else the files are all.
install_packages() {
  rm -rf "$root"
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$root/var/lib/dpkg"
    touch "$root/var/lib/dpkg/status"
    # What they depend on is not in there. Whether it can be had is for apt to say.
    apt-get install --simulate "$build"/packages/*.deb >/dev/null
    dpkg --root="$root" --force-depends --force-script-chrootless --install "$build"/packages/*.deb
  else
    for package in "$build"/packages/*.deb; do dpkg -x "$package" "$root"; done
  fi
}

# The example of the README, by the package's pkg-config, and by CMake.
use_packages() {
  local libraries program=$build/use
  libraries=$(dirname "$(find "$root/usr/lib" -name libpolymux.so)")
  rm -rf "$program"
  mkdir -p "$program"
  awk '/^```cpp/ {on = 1; next} /^```/ {if (on) exit} on' README.md >"$program/main.cpp"
  # The words of pkg-config are words.
  # shellcheck disable=SC2046
  c++ -std=c++20 "$program/main.cpp" -o "$program/by_pkg_config" \
    $(PKG_CONFIG_PATH=$libraries/pkgconfig pkg-config --cflags --libs polymux)
  printf '%s\n' 'cmake_minimum_required(VERSION 3.22)' 'project(use LANGUAGES CXX)' \
    'find_package(polymux CONFIG REQUIRED COMPONENTS shared)' 'add_executable(by_cmake main.cpp)' \
    'target_link_libraries(by_cmake PRIVATE polymux::polymux)' >"$program/CMakeLists.txt"
  cmake -S "$program" -B "$program/build" -DCMAKE_PREFIX_PATH="$root/usr"
  cmake --build "$program/build"
  for way in "$program/by_pkg_config" "$program/build/by_cmake"; do
    echo hello | LD_LIBRARY_PATH=$libraries "$way" | tee /dev/stderr | grep -q 'saw 6 bytes'
  done
  "$root/usr/bin/polymux" version
  "$root/usr/bin/polymux" backends >/dev/null
  for page in man1/polymux.1.gz man3/polymux.3.gz; do gzip -t "$root/usr/share/man/$page"; done
}

remove_packages() {
  if [ "$(id -u)" != 0 ]; then return; fi
  dpkg --root="$root" --force-script-chrootless --purge polymux libpolymux-dev libpolymux0.1
  if [ -n "$(find "$root" -name '*polymux*' -not -path '*/var/lib/dpkg/*')" ]; then
    find "$root" -name '*polymux*'
    say 'something is left after removal'
    return 1
  fi
}

make_packages
examine
install_packages
use_packages
remove_packages
say "the packages are in $build/packages:"
ls "$build"/packages/*.deb
