# The manual pages. That of the command is written by what the command says of itself; where it cannot be
# asked there is none.
install(FILES ${PROJECT_SOURCE_DIR}/docs/man/polymux.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
        COMPONENT polymux_development)
find_package(Python3 3.7 QUIET COMPONENTS Interpreter)
if(NOT TARGET polymux_command OR NOT Python3_FOUND
   OR (CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR))
  return()
endif()
set(polymux_man ${PROJECT_BINARY_DIR}/polymux.1)
set(man_template ${PROJECT_SOURCE_DIR}/docs/man/polymux.1.in)
set(man_maker ${PROJECT_SOURCE_DIR}/docs/man/make_man.py)
add_custom_command(
  OUTPUT ${polymux_man}
  COMMAND Python3::Interpreter -B ${man_maker} $<TARGET_FILE:polymux_command> ${man_template} ${polymux_man}
  DEPENDS polymux_command ${man_template} ${man_maker} VERBATIM
  COMMENT "Writing polymux(1)")
add_custom_target(polymux_man ALL DEPENDS ${polymux_man})
install(FILES ${polymux_man} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT polymux_tools)
