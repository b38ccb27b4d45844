# What `cmake --install` lays down, and how others find it: CMake's find_package and pkg-config.
# Nothing that is installed names a place of the machine that built it, so the prefix can be moved.
include(CMakePackageConfigHelpers)

set(polymux_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/polymux)
get_target_property(polymux_type polymux TYPE)

# A static library leaves it to its user to link what its backends need. Those come from pkg-config
# as PkgConfig::<PREFIX> and are looked up anew there; a shared library has linked them already.
set(polymux_pc_requires "")
set(polymux_find_modules "")
if(polymux_type STREQUAL "STATIC_LIBRARY")
  get_target_property(links polymux LINK_LIBRARIES)
  foreach(link IN LISTS links)
    if(link MATCHES "^PkgConfig::(.+)$")
      set(prefix ${CMAKE_MATCH_1})
      set(module ${${prefix}_MODULE_NAME})
      string(APPEND polymux_find_modules "polymux_find_module(${prefix} ${module})\n")
      list(APPEND polymux_pc_requires ${module})
    endif()
  endforeach()
endif()
list(JOIN polymux_pc_requires ", " polymux_pc_requires)

# A library of its own finds the one that it is made on beside it.
set(polymux_rpath_origin $<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>)
set_target_properties(polymux_testing PROPERTIES INSTALL_RPATH ${polymux_rpath_origin})

install(TARGETS polymux polymux_testing EXPORT polymuxTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(header IN LISTS polymux_public_headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES core/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/polymux/${folder})
endforeach()

if(TARGET polymux_command)
  install(TARGETS polymux_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(polymux_type STREQUAL "SHARED_LIBRARY")
    file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_target_properties(polymux_command PROPERTIES
                          INSTALL_RPATH ${polymux_rpath_origin}/${bin_to_lib})
  endif()
endif()

# A component of its own, for it needs GoogleTest. One that was built with the GoogleTest of this tree has
# none to name to others.
if(TARGET polymux_conformance AND NOT POLYMUX_GTEST_SOURCE)
  install(TARGETS polymux_conformance EXPORT polymuxConformanceTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES tests/conformance/include/polymux/conformance.hpp
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/polymux)
  install(EXPORT polymuxConformanceTargets NAMESPACE polymux:: DESTINATION ${polymux_cmake_dir})
  list(APPEND polymux_pc_modules polymux-conformance)
endif()

install(EXPORT polymuxTargets NAMESPACE polymux:: DESTINATION ${polymux_cmake_dir})
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/polymuxConfig.cmake.in ${PROJECT_BINARY_DIR}/polymuxConfig.cmake
  INSTALL_DESTINATION ${polymux_cmake_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users, as the name of the shared library says too.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/polymuxConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/polymuxConfig.cmake
              ${PROJECT_BINARY_DIR}/polymuxConfigVersion.cmake
        DESTINATION ${polymux_cmake_dir})

file(RELATIVE_PATH polymux_pc_prefix
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" polymux_pc_prefix ${polymux_pc_prefix})
foreach(module polymux polymux-testing ${polymux_pc_modules})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${module}.pc.in ${PROJECT_BINARY_DIR}/${module}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${module}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
