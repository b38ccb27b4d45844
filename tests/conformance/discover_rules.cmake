# Asks a conformance program for its tests and writes a file that registers each with CTest under
# the names of subject and rule: epoll.Add3RegularFileIsRefused.
#
# GoogleTest's own module can only put one prefix before the full name of a parameterised test.
#
# PROGRAM may have an emulator in front of it, as a list.
#
#   cmake -D PROGRAM=... -D OUTPUT=... -D TIMEOUT=seconds -P discover_rules.cmake

list(REMOVE_ITEM PROGRAM "")
set(command "")
foreach(word IN LISTS PROGRAM)
  string(APPEND command " [==[${word}]==]")
endforeach()

execute_process(
  COMMAND ${PROGRAM} --gtest_list_tests
  OUTPUT_VARIABLE listing ERROR_VARIABLE errors RESULT_VARIABLE failed TIMEOUT 60)
if(failed)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests failed: ${failed}\n${listing}${errors}")
endif()

# `Every/AddRules.` on a line of its own, then `  Add3RegularFileIsRefused/epoll  # GetParam() = epoll`.
string(REPLACE "\n" ";" lines "${listing}")
set(script "")
set(count 0)
foreach(line IN LISTS lines)
  if(line MATCHES "^([A-Za-z0-9_/]+\\.)$")
    set(suite ${CMAKE_MATCH_1})
  elseif(line MATCHES "^  ([A-Za-z0-9_]+)/([A-Za-z0-9_]+)")
    set(filter "${suite}${CMAKE_MATCH_1}/${CMAKE_MATCH_2}")
    set(name "${CMAKE_MATCH_2}.${CMAKE_MATCH_1}")
    string(APPEND script
      "add_test([==[${name}]==]${command} [==[--gtest_filter=${filter}]==])\n"
      "set_tests_properties([==[${name}]==] PROPERTIES TIMEOUT ${TIMEOUT} "
      "LABELS [==[conformance;${CMAKE_MATCH_2}]==] SKIP_REGULAR_EXPRESSION [==[\\[  SKIPPED \\]]==])\n")
    math(EXPR count "${count} + 1")
  endif()
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} lists no tests:\n${listing}")
endif()
file(WRITE ${OUTPUT} "${script}")
