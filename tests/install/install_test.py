#!/usr/bin/env python3
"""Installs polymux, moves it, and uses it as its users do.

usage: install_test.py CASE --build DIR --work DIR --source DIR [--cmake PROGRAM]
                       [--generator NAME] [--compiler PROGRAM] [--flags FLAGS] [--pkg-config PROGRAM]
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from using_polymux import build_by_cmake, build_by_pkg_config, parser_of, run  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def install(test):
    """Installs into an empty prefix and moves it; what is left names no place of this machine."""
    fresh(test.work)
    first = test.work / "first"
    run([test.cmake, "--install", test.build, "--prefix", first])
    first.rename(test.prefix)

    told = [str(path).encode() for path in (first, test.build, test.source)]
    for path in test.prefix.rglob("*"):
        if path.suffix in {".cmake", ".pc", ".hpp"}:
            text = path.read_bytes()
            for place in told:
                if place in text:
                    sys.exit(f"{path} names {place.decode()}")
    expected = ["include/polymux/polymux.hpp", "share/doc/polymux/LICENSE"]
    absent = [name for name in expected if not (test.prefix / name).exists()]
    if absent:
        sys.exit(f"not installed: {', '.join(absent)}")


def expect_consumer(program):
    said = run([program])
    print(said)
    if not said.startswith("consumer: "):
        sys.exit("the consumer ran and did not say which backend it used")


def find_package(test):
    build = fresh(test.work / "find_package")
    build_by_cmake(test, test.consumer, build)
    expect_consumer(build / "consumer")


def pkg_config(test):
    build = fresh(test.work / "pkg_config")
    # Both ways that a user may ask, for the library that is there.
    for static in ([], ["--static"]):
        program = build / "consumer"
        build_by_pkg_config(test, "polymux", test.consumer / "main.cpp", program, *static)
        expect_consumer(program)


def headers_compile_alone(test):
    """Each header is a translation unit, included twice, with every warning an error."""
    build = fresh(test.work / "headers")
    include = test.prefix / "include"
    names = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.hpp"))

    def compile_alone(name):
        unit = build / (name.replace("/", "_") + ".cpp")
        unit.write_text(f"#include <{name}>\n#include <{name}>\n", encoding="utf-8")
        return subprocess.run([test.compiler, "-std=c++20", "-fsyntax-only", *WARNINGS,
                               f"-I{include}", str(unit)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(compile_alone, names))
    failed = 0
    for name, done in zip(names, results):
        if done.returncode != 0:
            failed += 1
            print(f"<{name}> does not compile alone:\n{done.stdout}")
    print(f"{len(names)} headers, {failed} failed")
    if failed or not names:
        sys.exit(1)


CASES = {case.__name__: case for case in (install, find_package, pkg_config, headers_compile_alone)}


def main():
    parser = parser_of("case", CASES, ("build", "work", "source"))
    parser.set_defaults(pkg_config="pkg-config")
    test = parser.parse_args()
    test.prefix = test.work / "moved"
    test.consumer = test.source / "tests" / "install" / "consumer"
    CASES[test.case](test)


if __name__ == "__main__":
    main()
