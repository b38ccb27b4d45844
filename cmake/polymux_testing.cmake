# How a test program is declared, so that each one is linked, warned about and bounded alike.
#
#   polymux_add_test_program(<name> SOURCES <file>...
#                            [LIBRARIES <target>...]      more than polymux and GoogleTest
#                            [TEST_PREFIX <text>]         goes before each CTest name
#                            [LABELS <label>...]          for ctest -L, beside the folder's name
#                            [TIMEOUT <seconds>]          for each test; 60 unless told
#                            [PROPERTIES <name> <value>...])
#
# Every TEST of the program becomes a CTest test of its own, so that a hang or a crash costs one
# test and its name says which.
include(GoogleTest)

function(polymux_add_test_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TEST_PREFIX;TIMEOUT" "SOURCES;LIBRARIES;LABELS;PROPERTIES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "polymux_add_test_program(${name}): SOURCES are missing, or an argument "
                        "is unknown: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()

  add_executable(${name} ${arg_SOURCES})
  # The root is for "tests/support/..." and for unit tests of private headers.
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} polymux::polymux GTest::gtest_main
                                        ${polymux_gmock} polymux_warnings)

  # What runs neither here nor under an emulator is built, and no more.
  if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    return()
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(labels ${folder} ${arg_LABELS})
  # A program is asked for its tests when it is built. Under a sanitizer, on a loaded machine, that
  # takes longer than the 5 seconds of CMake.
  gtest_discover_tests(${name} TEST_PREFIX "${arg_TEST_PREFIX}" DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${labels}" ${arg_PROPERTIES})
endfunction()
