# cmake -S . -B build/aarch64-musl --toolchain ports/linux/aarch64-musl.cmake -DPOLYMUX_ZIG=FOLDER
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(polymux_zig_target aarch64-linux-musl)
include(${CMAKE_CURRENT_LIST_DIR}/../zig/toolchain.cmake)

# The user-mode emulator of qemu runs the tests: a static program needs nothing else.
find_program(POLYMUX_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if(POLYMUX_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${POLYMUX_QEMU})
  set(POLYMUX_CONFORMANCE_EXCEPTIONS select:${CMAKE_CURRENT_LIST_DIR}/qemu-exceptions.txt)
endif()
