#!/usr/bin/env python3
"""Builds an example against an installed polymux, out of its tree, and runs it.

usage: examples_test.py EXAMPLE --prefix DIR --source DIR --work DIR [--cmake PROGRAM]
                        [--generator NAME] [--compiler PROGRAM] [--flags FLAGS] [--pkg-config PROGRAM]
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path


def run(command, status=0, **options):
    """Runs a command and returns what it said; any other exit status ends the test."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                          **options)
    if done.returncode != status:
        print("$", shlex.join(str(word) for word in command))
        sys.exit(f"{done.stdout}\nexit status {done.returncode}, expected {status}")
    return done.stdout.strip()


def build(test):
    """By find_package, in a copy: an example needs nothing of the tree that it lies in."""
    shutil.rmtree(test.work, ignore_errors=True)
    source, binary = test.work / "source", test.work / "build"
    shutil.copytree(test.source / "examples" / test.example, source)
    run([test.cmake, "-G", test.generator, "-S", source, "-B", binary,
         f"-DCMAKE_PREFIX_PATH={test.prefix}", "-DCMAKE_BUILD_TYPE=Debug",
         f"-DCMAKE_CXX_COMPILER={test.compiler}",
         f"-DCMAKE_CXX_FLAGS={test.flags} -Wall -Wextra -Wpedantic -Werror"])
    run([test.cmake, "--build", binary])
    return source, binary


def build_by_pkg_config(test, source, program):
    found = sorted(test.prefix.rglob("polymux-testing.pc"))
    if not found:
        sys.exit("polymux-testing.pc is not installed")
    folder = found[0].parent
    extra = os.environ.get("PKG_CONFIG_PATH")
    environment = {**os.environ, "PKG_CONFIG_PATH": f"{folder}:{extra}" if extra else str(folder)}
    said = run([test.pkg_config, "--cflags", "--libs", "polymux-testing"], env=environment)
    run([test.compiler, "-std=c++20", *shlex.split(test.flags), source / "line_counter_test.cpp",
         "-o", program, *shlex.split(said), f"-Wl,-rpath,{folder.parent}"])


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
        build_by_pkg_config(test, source, again)
        run([again])


def own_poller(test):
    """The suite runs on the poller of the example, and every rule holds."""
    _, binary = build(test)
    said = run([binary / "own_poller", *test.arguments])
    print(said)
    if "counting" not in said:
        sys.exit("the table does not name the poller")


EXAMPLES = {example.__name__: example for example in (fault_injection, own_poller)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("example", choices=EXAMPLES)
    for name in ("prefix", "source", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--generator", default="Unix Makefiles")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--flags", default="")
    parser.add_argument("--pkg-config", default="")
    test, test.arguments = parser.parse_known_args()
    EXAMPLES[test.example](test)


if __name__ == "__main__":
    main()
