# GoogleTest, for the tests and for the conformance suite: one that is found, or built from its sources
# for a target system that nobody has built it for.
set(POLYMUX_GTEST_SOURCE "" CACHE PATH "Sources of GoogleTest to build; a built one is found if empty")
if(NOT POLYMUX_GTEST_SOURCE)
  find_package(GTest QUIET)
  return()
endif()

# Its warnings are its own, so nothing of polymux_warnings goes in.
set(INSTALL_GTEST OFF)
set(BUILD_GMOCK ON)
add_subdirectory(${POLYMUX_GTEST_SOURCE} ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
foreach(library gtest gtest_main gmock gmock_main)
  # A target that is found is seen as a system's, and one of this tree is not: no warnings from it.
  get_target_property(includes ${library} INTERFACE_INCLUDE_DIRECTORIES)
  set_target_properties(${library} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${includes}")
  if(NOT TARGET GTest::${library})
    add_library(GTest::${library} ALIAS ${library})
  endif()
endforeach()
