# What `cmake --install` lays down, and how others find it: CMake's find_package and pkg-config.
# Nothing that is installed names a place of the machine that built it, so the prefix can be moved.
#
# Components of installation: polymux_runtime (the shared library), polymux_development and
# polymux_tools (the command).
include(CMakePackageConfigHelpers)

set(polymux_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/polymux)
set(polymux_installed core testing)
set(polymux_reasons "")

# What find_package says of a component that is not there.
macro(polymux_not_installed component why)
  string(APPEND polymux_reasons "set(polymux_why_no_${component} [[${why}]])\n")
endmacro()

function(polymux_install_targets kind)
  install(TARGETS ${ARGN} EXPORT polymux-${kind}-targets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT polymux_development
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
                  COMPONENT polymux_runtime NAMELINK_COMPONENT polymux_development)
  install(EXPORT polymux-${kind}-targets NAMESPACE polymux:: DESTINATION ${polymux_cmake_dir}
          COMPONENT polymux_development)
endfunction()

# The later one is what users get unless they choose.
if(POLYMUX_STATIC)
  polymux_install_targets(static polymux)
  list(APPEND polymux_installed static)
  set(polymux_kind static)
else()
  polymux_not_installed(static "it was built with -DBUILD_SHARED_LIBS=ON")
endif()
if(POLYMUX_SHARED)
  polymux_install_targets(shared polymux_shared)
  list(APPEND polymux_installed shared)
  set(polymux_kind shared)
else()
  polymux_not_installed(shared "only the static library was built (BUILD_SHARED_LIBS)")
endif()
polymux_install_targets(testing polymux_testing)

# A component of its own, for it needs GoogleTest. One that was built with the GoogleTest of this tree has
# none to name to others.
set(polymux_pc_modules polymux polymux-testing)
if(TARGET polymux_conformance AND NOT POLYMUX_GTEST_SOURCE)
  polymux_install_targets(conformance polymux_conformance)
  install(FILES tests/conformance/include/polymux/conformance.hpp
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/polymux COMPONENT polymux_development)
  list(APPEND polymux_installed conformance)
  list(APPEND polymux_pc_modules polymux-conformance)
elseif(POLYMUX_GTEST_SOURCE)
  polymux_not_installed(conformance "it was built with a GoogleTest that is not installed")
else()
  polymux_not_installed(conformance "${polymux_why_no_conformance}")
endif()

string(REGEX MATCHALL "X\\([a-z_]+\\)" built "${polymux_built_backends}")
list(TRANSFORM built REPLACE "X\\((.*)\\)" "\\1")
list(APPEND polymux_installed ${built})
string(REGEX MATCHALL "X\\([a-z_]+, \"[^\"]*\"\\)" missing "${polymux_missing_backends}")
foreach(backend IN LISTS missing)
  string(REGEX MATCH "X\\(([a-z_]+), \"([^\"]*)\"\\)" backend "${backend}")
  polymux_not_installed(${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
endforeach()

# A static library leaves it to its user to link what its backends need. Those come from pkg-config
# as PkgConfig::<PREFIX> and are looked up anew there; a shared library has linked them already.
set(modules "")
set(polymux_find_modules "")
get_target_property(links polymux LINK_LIBRARIES)
foreach(link IN LISTS links)
  if(link MATCHES "^PkgConfig::(.+)$")
    set(prefix ${CMAKE_MATCH_1})
    string(APPEND polymux_find_modules "polymux_find_module(${prefix} ${${prefix}_MODULE_NAME})\n  ")
    list(APPEND modules ${${prefix}_MODULE_NAME})
  endif()
endforeach()
string(STRIP "${polymux_find_modules}" polymux_find_modules)
list(JOIN modules ", " modules)
list(JOIN built " " polymux_pc_backends)
if(NOT POLYMUX_STATIC)
  set(modules "")
endif()
# With a shared library beside it only `pkg-config --static` asks for them.
if(POLYMUX_SHARED)
  set(polymux_pc_requires "Requires.private: ${modules}")
else()
  set(polymux_pc_requires "Requires: ${modules}")
endif()

foreach(header IN LISTS polymux_public_headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES core/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/polymux/${folder}
          COMPONENT polymux_development)
endforeach()
install(FILES ${POLYMUX_PUBLIC_INCLUDE}/polymux/version.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/polymux COMPONENT polymux_development)

if(TARGET polymux_command)
  install(TARGETS polymux_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT polymux_tools)
endif()

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/polymuxConfig.cmake.in ${PROJECT_BINARY_DIR}/polymuxConfig.cmake
  INSTALL_DESTINATION ${polymux_cmake_dir}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may break its users, as the name of the shared library says too.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/polymuxConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/polymuxConfig.cmake
              ${PROJECT_BINARY_DIR}/polymuxConfigVersion.cmake
        DESTINATION ${polymux_cmake_dir} COMPONENT polymux_development)

set(POLYMUX_INSTALL_PKGCONFIGDIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig CACHE STRING
    "Where the files of pkg-config go, below the prefix; libdata/pkgconfig on FreeBSD")
mark_as_advanced(POLYMUX_INSTALL_PKGCONFIGDIR)
file(RELATIVE_PATH polymux_pc_prefix
     ${CMAKE_INSTALL_PREFIX}/${POLYMUX_INSTALL_PKGCONFIGDIR} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" polymux_pc_prefix ${polymux_pc_prefix})
foreach(module IN LISTS polymux_pc_modules)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${module}.pc.in ${PROJECT_BINARY_DIR}/${module}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${module}.pc DESTINATION ${POLYMUX_INSTALL_PKGCONFIGDIR}
          COMPONENT polymux_development)
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT polymux_development)
