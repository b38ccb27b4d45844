# Writes what the suite knows of its own tree: the rules of the contract, the files of rules, and the
# departures of backends.
#
#   polymux_generate_suite(<output> CONTRACT <file> PARTS <name>... [EXCEPTIONS <subject>:<file>...])

# A text of the contract as a C++ literal.
function(polymux_quote variable text)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  set(${variable} "\"${text}\"" PARENT_SCOPE)
endfunction()

function(polymux_generate_suite output)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CONTRACT" "PARTS;EXCEPTIONS")

  set(rules "")
  file(STRINGS ${arg_CONTRACT} headings REGEX "^### [A-Z]+-[0-9]+ " ENCODING UTF-8)
  foreach(heading IN LISTS headings)
    string(REGEX MATCH "^### ([A-Z]+-[0-9]+) +(.*)$" heading "${heading}")
    polymux_quote(title "${CMAKE_MATCH_2}")
    string(APPEND rules "    {\"${CMAKE_MATCH_1}\", ${title}},\n")
  endforeach()

  set(declarations "")
  set(calls "")
  foreach(part IN LISTS arg_PARTS)
    string(APPEND declarations "void take_part_${part}();\n")
    string(APPEND calls "  take_part_${part}();\n")
  endforeach()

  set(departures "")
  set(read ${arg_CONTRACT})
  foreach(pair IN LISTS arg_EXCEPTIONS)
    string(REGEX MATCH "^([a-z_]+):(.+)$" pair "${pair}")
    set(subject ${CMAKE_MATCH_1})
    list(APPEND read ${CMAKE_MATCH_2})
    file(STRINGS ${CMAKE_MATCH_2} entries REGEX "^(fails|skip) ")
    foreach(entry IN LISTS entries)
      string(REGEX MATCH "^(fails|skip) ([A-Za-z0-9]+)  (.+)$" entry "${entry}")
      polymux_quote(reason "${CMAKE_MATCH_3}")
      string(APPEND departures
        "    {\"${subject}\", {\"${CMAKE_MATCH_2}\", ${reason}, Departure::Kind::${CMAKE_MATCH_1}}},\n")
    endforeach()
  endforeach()
  # Else there would be an array of nothing.
  string(APPEND departures "    {\"\", {}},\n")

  set(text "// Written by CMake.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include \"tests/conformance/known_departures.hpp\"
#include \"tests/conformance/runner/rules.hpp\"
#include \"tests/conformance/suite.hpp\"

namespace polymux::conformance {

std::span<const Rule> all_rules() {
  static constexpr Rule rules[] = {
${rules}  };
  return rules;
}

std::vector<Departure> known_departures(std::string_view backend) {
  const std::pair<std::string_view, Departure> all[] = {
${departures}  };
  std::vector<Departure> found;
  for (const auto& [name, departure] : all) {
    if (!name.empty() && name == backend) found.push_back(departure);
  }
  return found;
}

${declarations}
void bring_in_rules() {
${calls}}

}  // namespace polymux::conformance
")
  # Only if it is another, so that nothing is built anew for nothing.
  file(GENERATE OUTPUT ${output} CONTENT "${text}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${read})
endfunction()
