# Run by CPack over what it has installed and not yet packed: what Debian's packages have and others do not.
file(GLOB_RECURSE pages ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.1 ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.3)
list(FILTER pages INCLUDE REGEX "/man/")
foreach(page IN LISTS pages)
  execute_process(COMMAND gzip -9n ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# The licence is in the file copyright.
file(GLOB_RECURSE licences ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/LICENSE)
if(licences)
  file(REMOVE ${licences})
endif()
file(GLOB_RECURSE copyrights ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/copyright)
foreach(copyright IN LISTS copyrights)
  get_filename_component(folder ${copyright} DIRECTORY)
  file(COPY ${CMAKE_CURRENT_LIST_DIR}/../ports/debian/changelog DESTINATION ${folder})
  execute_process(COMMAND gzip -9n ${folder}/changelog COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# CPack strips what runs, and no archive.
file(GLOB_RECURSE archives ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*.a)
foreach(archive IN LISTS archives)
  execute_process(COMMAND strip --strip-debug --enable-deterministic-archives ${archive}
                  COMMAND_ERROR_IS_FATAL ANY)
endforeach()
