# Runs a test that is on a list of exceptions, and must fail. CTest shows it as skipped.
#
#   cmake -D PROGRAM=... -D FILTER=... -D REASON=... -P run_exception.cmake

execute_process(COMMAND ${PROGRAM} --gtest_filter=${FILTER}
                OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
if(NOT output MATCHES "\\[==========\\] 1 test ")
  message(FATAL_ERROR "no such test: ${FILTER}\n${output}")
elseif(result STREQUAL "0")
  message(FATAL_ERROR "passes, and is on the list of exceptions: ${REASON}")
endif()
message(STATUS "[  SKIPPED ] ${REASON}")
