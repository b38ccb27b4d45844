# cmake -S . -B build/macos-x86_64 --toolchain ports/macos/x86_64.cmake -DPOLYMUX_ZIG=FOLDER
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(polymux_zig_target x86_64-macos)
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
