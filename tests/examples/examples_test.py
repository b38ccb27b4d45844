#!/usr/bin/env python3
"""Builds an example against an installed polymux, out of its tree, and runs it.

usage: examples_test.py EXAMPLE --prefix DIR --source DIR --work DIR [--cmake PROGRAM]
                        [--generator NAME] [--compiler PROGRAM] [--flags FLAGS] [--pkg-config PROGRAM]
"""

import re
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import smoke  # noqa: E402
from using_polymux import build_by_cmake, build_by_pkg_config, parser_of, run  # noqa: E402


def build(test):
    """By find_package, in a copy: an example needs nothing of the tree that it lies in."""
    shutil.rmtree(test.work, ignore_errors=True)
    source, binary = test.work / "source", test.work / "build"
    shutil.copytree(test.source / "examples" / test.example, source)
    build_by_cmake(test, source, binary, "-DCMAKE_BUILD_TYPE=Debug",
                   warnings="-Wall -Wextra -Wpedantic -Werror")
    return source, binary


def fault_injection(test):
    """The careful program is right with every seed, and a seed shows the mistake of the other."""
    source, binary = build(test)
    program = binary / "line_counter_test"
    said = run([program])
    if said != "right with every seed":
        sys.exit(f"not what a program says that survives:\n{said}")
    said = run([program, "careless"], status=1)
    seed = re.match(r"seed (\d+): .*\bspurious\b.*\n  counted \d+ lines of 50$", said)
    if not seed:
        sys.exit(f"names no seed and no spurious readiness:\n{said}")
    print(said)
    run([program, "careless", seed.group(1)], status=1)
    if test.pkg_config:
        again = test.work / "by_pkg_config"
        build_by_pkg_config(test, "polymux-testing", source / "line_counter_test.cpp", again)
        run([again])


def own_poller(test):
    """The suite runs on the poller of the example, and every rule holds."""
    _, binary = build(test)
    said = run([binary / "own_poller", *test.arguments])
    print(said)
    if "counting" not in said:
        sys.exit("the table does not name the poller")


def smoke_test(check):
    """The program of that name is built, and does what `check` asks of it."""
    def build_and_check(test):
        _, binary = build(test)
        check(binary / test.example)
    return build_and_check


EXAMPLES = {example.__name__: example for example in (fault_injection, own_poller)}
EXAMPLES.update({check.__name__: smoke_test(check) for check in smoke.ALL})


def main():
    parser = parser_of("example", EXAMPLES, ("prefix", "source", "work"))
    test, test.arguments = parser.parse_known_args()
    EXAMPLES[test.example](test)


if __name__ == "__main__":
    main()
