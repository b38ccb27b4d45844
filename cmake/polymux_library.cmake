# The library: its files are compiled once, into a static library and, where users get one, a shared one.
#
#   polymux           static. What looks inside it, as the command and the tests do, links this one.
#   polymux_shared    with what POLYMUX_API marks, and nothing else.
#   polymux::polymux  what is for everybody else.
include(CheckLinkerFlag)

add_library(polymux STATIC)
set(polymux_libraries polymux)
if(POLYMUX_SHARED)
  add_library(polymux_shared SHARED $<TARGET_OBJECTS:polymux>)
  list(APPEND polymux_libraries polymux_shared)
  set_target_properties(polymux_shared PROPERTIES
    OUTPUT_NAME polymux EXPORT_NAME polymux LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  # Templates of the standard library are visible wherever they are made; those made here are no one
  # else's. Linkers that know no such list (of macOS) leave them.
  set(map ${CMAKE_CURRENT_LIST_DIR}/polymux.map)
  check_linker_flag(CXX "LINKER:--version-script=${map}" POLYMUX_HAS_VERSION_SCRIPT)
  if(POLYMUX_HAS_VERSION_SCRIPT)
    target_link_options(polymux_shared PRIVATE "LINKER:--version-script=${map}")
    set_target_properties(polymux_shared PROPERTIES LINK_DEPENDS ${map})
  endif()
endif()

foreach(library IN LISTS polymux_libraries)
  target_compile_features(${library} PUBLIC cxx_std_20)
  target_include_directories(
    ${library} PUBLIC $<BUILD_INTERFACE:${POLYMUX_PUBLIC_INCLUDE}>
                      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${library} PUBLIC Threads::Threads)
endforeach()
target_include_directories(polymux PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_link_libraries(polymux PRIVATE $<BUILD_INTERFACE:polymux_warnings>)
set_target_properties(polymux PROPERTIES
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)

# In the build of the command and the tests, one library for all.
if(POLYMUX_SHARED AND NOT POLYMUX_STATIC AND NOT POLYMUX_BUILD_APPS AND NOT POLYMUX_BUILD_TESTS
   AND NOT POLYMUX_BUILD_BENCH)
  add_library(polymux::polymux ALIAS polymux_shared)
else()
  add_library(polymux::polymux ALIAS polymux)
endif()
