# Cross-compiling with the compiler that ports/zig/install.sh lays down. Included by the toolchain
# file of a target, which has set CMAKE_SYSTEM_NAME, CMAKE_SYSTEM_PROCESSOR and polymux_zig_target.
# POLYMUX_ZIG is the folder that was given to install.sh, as an absolute path: a variable of CMake or
# of the environment.
set(POLYMUX_ZIG "$ENV{POLYMUX_ZIG}" CACHE PATH "The folder that ports/zig/install.sh has filled")
if(NOT EXISTS ${POLYMUX_ZIG}/bin/zig-clang++)
  message(FATAL_ERROR "No compiler in '${POLYMUX_ZIG}'. Run ports/zig/install.sh FOLDER and give "
                      "-DPOLYMUX_ZIG=FOLDER.")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES POLYMUX_ZIG)

# C is for GoogleTest's sources, which insist on having a compiler for it.
set(CMAKE_C_COMPILER ${POLYMUX_ZIG}/bin/zig-clang)
set(CMAKE_C_COMPILER_TARGET ${polymux_zig_target})
set(CMAKE_CXX_COMPILER ${POLYMUX_ZIG}/bin/zig-clang++)
set(CMAKE_CXX_COMPILER_TARGET ${polymux_zig_target})
set(CMAKE_AR ${POLYMUX_ZIG}/bin/zig-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${POLYMUX_ZIG}/bin/zig-ranlib CACHE FILEPATH "")

# Nothing of the machine that builds is taken for the target's, but the programs that build.
set(CMAKE_FIND_ROOT_PATH ${POLYMUX_ZIG}/sysroot)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${POLYMUX_ZIG}/sysroot/lib/pkgconfig)
set(ENV{PKG_CONFIG_PATH} "")
