# The warnings of every target of this tree; never passed on to those who link it.
add_library(polymux_warnings INTERFACE)
target_compile_options(
  polymux_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
            -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wcast-qual -Wunused
            -Wnull-dereference -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough -Wextra-semi
            -Wundef $<$<BOOL:${POLYMUX_WERROR}>:-Werror>)
