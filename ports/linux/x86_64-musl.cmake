# cmake -S . -B build/x86_64-musl --toolchain ports/linux/x86_64-musl.cmake -DPOLYMUX_ZIG=FOLDER
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(polymux_zig_target x86_64-linux-musl)
include(${CMAKE_CURRENT_LIST_DIR}/../zig/toolchain.cmake)

# What is built runs here as well: linked statically, it needs nothing of the system but its kernel.
if(CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(CMAKE_CROSSCOMPILING_EMULATOR env)
endif()
