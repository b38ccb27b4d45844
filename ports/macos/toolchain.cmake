# Everything for macOS, built on Linux: the two toolchain files beside this one include it.
set(CMAKE_SYSTEM_NAME Darwin)
include(${CMAKE_CURRENT_LIST_DIR}/../zig/toolchain.cmake)

# CMake insists on Apple's tool, which changes libraries as they are installed. Nothing is installed
# from here.
find_program(CMAKE_INSTALL_NAME_TOOL true)
