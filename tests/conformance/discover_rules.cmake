# Asks a conformance program for its tests and writes a file that registers each with CTest under
# the names of subject and rule: epoll.Add3RegularFileIsRefused.
#
# GoogleTest's own module can only put one prefix before the full name of a parameterised test.
#
# PROGRAM may have an emulator in front of it, as a list.
#
#   cmake -D PROGRAM=... -D OUTPUT=... -D TIMEOUT=seconds [-D EXCEPTIONS=subject:file]
#         -P discover_rules.cmake
#
# EXCEPTIONS names the tests that one subject need not pass, and why.

cmake_minimum_required(VERSION 3.22)
set(run_exception ${CMAKE_CURRENT_LIST_DIR}/run_exception.cmake)

# Fills `exceptions`, and `mode_of_<test>` and `reason_of_<test>` for each.
set(excepted_subject "")
set(exceptions "")
if(EXCEPTIONS MATCHES "^([a-z_]+):(.+)$")
  set(excepted_subject ${CMAKE_MATCH_1})
  file(STRINGS ${CMAKE_MATCH_2} entries REGEX "^[^#]")
  foreach(entry IN LISTS entries)
    if(NOT entry MATCHES "^(fails|skip) ([A-Za-z0-9]+)  (.+)$")
      message(FATAL_ERROR "${EXCEPTIONS}: not an exception: ${entry}")
    endif()
    list(APPEND exceptions ${CMAKE_MATCH_2})
    set(mode_of_${CMAKE_MATCH_2} ${CMAKE_MATCH_1})
    set(reason_of_${CMAKE_MATCH_2} "${CMAKE_MATCH_3}")
  endforeach()
endif()

# Sets `arguments` to what follows the name in add_test: the test itself, or what an exception says.
macro(choose_command subject test filter)
  set(arguments "${command} [==[--gtest_filter=${filter}]==]")
  if("${subject}" STREQUAL excepted_subject AND DEFINED mode_of_${test})
    list(REMOVE_ITEM unseen ${test})
    set(arguments " [==[${CMAKE_COMMAND}]==] -E echo [==[[  SKIPPED ] ${reason_of_${test}}]==]")
    if(mode_of_${test} STREQUAL "fails")
      string(CONCAT arguments
        " [==[${CMAKE_COMMAND}]==] -D [==[PROGRAM=${PROGRAM}]==] -D [==[FILTER=${filter}]==]"
        " -D [==[REASON=${reason_of_${test}}]==] -P [==[${run_exception}]==]")
    endif()
  endif()
endmacro()

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
set(unseen ${exceptions})
foreach(line IN LISTS lines)
  if(line MATCHES "^([A-Za-z0-9_/]+\\.)$")
    set(suite ${CMAKE_MATCH_1})
  elseif(line MATCHES "^  ([A-Za-z0-9_]+)/([A-Za-z0-9_]+)")
    set(filter "${suite}${CMAKE_MATCH_1}/${CMAKE_MATCH_2}")
    set(subject ${CMAKE_MATCH_2})
    set(test ${CMAKE_MATCH_1})
    set(name "${subject}.${test}")
    choose_command(${subject} ${test} "${filter}")
    string(APPEND script
      "add_test([==[${name}]==]${arguments})\n"
      "set_tests_properties([==[${name}]==] PROPERTIES TIMEOUT ${TIMEOUT} "
      "LABELS [==[conformance;${subject}]==] SKIP_REGULAR_EXPRESSION [==[\\[  SKIPPED \\]]==])\n")
    math(EXPR count "${count} + 1")
  endif()
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} lists no tests:\n${listing}")
endif()
if(unseen)
  message(FATAL_ERROR "${EXCEPTIONS}: no such tests: ${unseen}")
endif()
file(WRITE ${OUTPUT} "${script}")
