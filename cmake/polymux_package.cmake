# `cpack -G DEB`: the shared library, what programs are built with, and the command, as Debian would have
# them. ports/debian/check.sh makes, examines and uses them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME polymux)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "polymux developers <polymux@polymux.invalid>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL polymux_runtime polymux_development polymux_tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(runtime_package libpolymux${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_DEBIAN_POLYMUX_RUNTIME_PACKAGE_NAME ${runtime_package})
set(CPACK_DEBIAN_POLYMUX_RUNTIME_PACKAGE_SECTION libs)
# CPack calls ldconfig from a script as well, and cannot be told not to.
set(CPACK_DEBIAN_POLYMUX_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/ports/debian/triggers)
set(CPACK_COMPONENT_POLYMUX_RUNTIME_DESCRIPTION
"readiness multiplexers of Unix behind one interface
One C++ interface over select, poll, epoll, signal-driven input and output,
io_uring and libevent, with the same behaviour on all of them; an event loop,
coroutines and a connection manager on top.

This package has the shared library.")

# A static program needs what the library was built with; the suite needs GoogleTest.
set(development_depends "${runtime_package} (= ${PROJECT_VERSION})")
foreach(pair libevent_core=libevent-dev liburing=liburing-dev libkqueue=libkqueue-dev)
  string(REGEX MATCH "^(.+)=(.+)$" pair ${pair})
  set(package ${CMAKE_MATCH_2})
  if(polymux_pc_requires MATCHES "${CMAKE_MATCH_1}")
    string(APPEND development_depends ", ${package}")
  endif()
endforeach()
set(CPACK_DEBIAN_POLYMUX_DEVELOPMENT_PACKAGE_NAME libpolymux-dev)
set(CPACK_DEBIAN_POLYMUX_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_POLYMUX_DEVELOPMENT_PACKAGE_DEPENDS "${development_depends}")
set(CPACK_DEBIAN_POLYMUX_DEVELOPMENT_PACKAGE_SUGGESTS libgtest-dev)
set(CPACK_DEBIAN_POLYMUX_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_POLYMUX_DEVELOPMENT_DESCRIPTION
"readiness multiplexers of Unix behind one interface, development files
One C++ interface over select, poll, epoll, signal-driven input and output,
io_uring and libevent, with the same behaviour on all of them.

This package has headers, static libraries, the files for CMake and for
pkg-config, faults for the tests of programs, and the conformance suite.")

set(CPACK_DEBIAN_POLYMUX_TOOLS_PACKAGE_NAME polymux)
set(CPACK_DEBIAN_POLYMUX_TOOLS_PACKAGE_SECTION net)
set(CPACK_COMPONENT_POLYMUX_TOOLS_DESCRIPTION
"server, load generator and probe over every readiness multiplexer
The command polymux serves with any multiplexer of the system and any of the
ways to build a server, puts such servers under load, and shows what the
multiplexers of the kernel say and whether they keep the library's contract.")

# What each package of Debian has to have, and nobody else.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/polymux_debian_files.cmake)
set(debian ${PROJECT_SOURCE_DIR}/ports/debian)
foreach(pair runtime=${runtime_package} development=libpolymux-dev tools=polymux)
  string(REGEX MATCH "^(.+)=(.+)$" pair ${pair})
  install(FILES ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CMAKE_MATCH_2}
          COMPONENT polymux_${CMAKE_MATCH_1} EXCLUDE_FROM_ALL)
endforeach()
include(CPack)
