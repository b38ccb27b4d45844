# Asks a conformance program for its tests and writes a file that registers each with CTest under
# the names of subject and rule: epoll.Add3RegularFileIsRefused.
#
# GoogleTest's own module can only put one prefix before the full name of a parameterised test.
#
# PROGRAM may have an emulator in front of it, as a list.
#
#   cmake -D PROGRAM=... -D OUTPUT=... -D TIMEOUT=seconds [-D EXCEPTIONS=subject:file,...]
#         -P discover_rules.cmake
#
# Each of EXCEPTIONS names the tests that a subject need not pass, and why.

cmake_minimum_required(VERSION 3.22)
set(run_exception ${CMAKE_CURRENT_LIST_DIR}/run_exception.cmake)

# Fills `exceptions` with names like select.Add3RegularFileIsRefused, and `mode_of_<name>` and
# `reason_of_<name>` for each.
set(exceptions "")
string(REPLACE "," ";" lists "${EXCEPTIONS}")
foreach(list IN LISTS lists)
  if(NOT list MATCHES "^([a-z_]+):(.+)$")
    message(FATAL_ERROR "not a subject and a file: ${list}")
  endif()
  set(excepted_subject ${CMAKE_MATCH_1})
  file(STRINGS ${CMAKE_MATCH_2} entries REGEX "^[^#]")
  foreach(entry IN LISTS entries)
    if(NOT entry MATCHES "^(fails|skip) ([A-Za-z0-9]+)  (.+)$")
      message(FATAL_ERROR "${list}: not an exception: ${entry}")
    endif()
    set(name ${excepted_subject}.${CMAKE_MATCH_2})
    list(APPEND exceptions ${name})
    set(mode_of_${name} ${CMAKE_MATCH_1})
    set(reason_of_${name} "${CMAKE_MATCH_3}")
  endforeach()
endforeach()

# Sets `arguments` to what follows the name in add_test: the test itself, or what an exception says.
macro(choose_command name filter)
  set(arguments "${command} [==[--gtest_filter=${filter}]==]")
  if(DEFINED mode_of_${name})
    list(REMOVE_ITEM unseen ${name})
    set(arguments " [==[${CMAKE_COMMAND}]==] -E echo [==[[  SKIPPED ] ${reason_of_${name}}]==]")
    if(mode_of_${name} STREQUAL "fails")
      string(CONCAT arguments
        " [==[${CMAKE_COMMAND}]==] -D [==[PROGRAM=${PROGRAM}]==] -D [==[FILTER=${filter}]==]"
        " -D [==[REASON=${reason_of_${name}}]==] -P [==[${run_exception}]==]")
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
    set(name ${subject}.${CMAKE_MATCH_1})
    choose_command(${name} "${filter}")
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
