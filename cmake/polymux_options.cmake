# What can be switched on and off. Each backend adds its own POLYMUX_BACKEND_<NAME>.
option(POLYMUX_BUILD_APPS "Build the command polymux (needs CLI11 and nlohmann-json)"
       ${PROJECT_IS_TOP_LEVEL})
option(POLYMUX_BUILD_TESTS "Build the tests (needs GoogleTest)" ${PROJECT_IS_TOP_LEVEL})
option(POLYMUX_BUILD_CONFORMANCE
       "Build the conformance suite (needs GoogleTest, CLI11 and nlohmann-json)" ${PROJECT_IS_TOP_LEVEL})
option(POLYMUX_BUILD_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(POLYMUX_INSTALL "Generate the install target" ${PROJECT_IS_TOP_LEVEL})
option(POLYMUX_WERROR "Treat warnings as errors" OFF)
set(POLYMUX_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(POLYMUX_FUZZ "Build the fuzz targets with Clang's libFuzzer, and test by running them" OFF)

# A project that polymux is a part of has its own idea of what it builds.
if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(POLYMUX_SANITIZE)
  add_compile_options(-fsanitize=${POLYMUX_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${POLYMUX_SANITIZE})
  if(POLYMUX_SANITIZE MATCHES "undefined")
    # Its check of a vptr looks at memory through a pipe, and calls an object invalid where no
    # descriptor is left to open one: what the tests of that very case then die of.
    add_compile_options(-fno-sanitize=vptr)
    # Its check of a function's type is kept before the function, and Clang 14 cannot say how far from
    # it the parts of a coroutine are ("Cannot represent a difference across sections").
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
endif()

if(POLYMUX_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "polymux: POLYMUX_FUZZ needs Clang, for libFuzzer is a part of it")
  endif()
  # The fuzzer has to see which way the library goes.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Which libraries users get: BUILD_SHARED_LIBS decides, and if it is not set they get both, as from a
# distribution. A sanitizer, a fuzzer or another system's static toolchain is not for users.
set(POLYMUX_STATIC ON)
set(POLYMUX_SHARED OFF)
if(DEFINED BUILD_SHARED_LIBS)
  set(POLYMUX_SHARED ${BUILD_SHARED_LIBS})
  if(BUILD_SHARED_LIBS)
    set(POLYMUX_STATIC OFF)
  endif()
elseif(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CROSSCOMPILING AND NOT POLYMUX_SANITIZE AND NOT POLYMUX_FUZZ)
  set(POLYMUX_SHARED ON)
endif()
