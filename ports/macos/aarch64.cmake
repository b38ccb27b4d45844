# cmake -S . -B build/macos-aarch64 --toolchain ports/macos/aarch64.cmake -DPOLYMUX_ZIG=FOLDER
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(polymux_zig_target aarch64-macos)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
