"""For tests that build programs against an installed polymux: runs commands, and says what failed."""

import argparse
import os
import shlex
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


def find_installed(test, name):
    found = sorted(test.prefix.rglob(name))
    if not found:
        sys.exit(f"{name} is not installed")
    return found[0]


def build_by_cmake(test, source, build, *options, warnings=""):
    """As a user of find_package does."""
    run([test.cmake, "-G", test.generator, "-S", source, "-B", build,
         f"-DCMAKE_PREFIX_PATH={test.prefix}", f"-DCMAKE_CXX_COMPILER={test.compiler}",
         f"-DCMAKE_CXX_FLAGS={test.flags} {warnings}", *options])
    run([test.cmake, "--build", build])


def build_by_pkg_config(test, package, source, program, *options):
    """As a user of pkg-config does; `options` are for it."""
    folder = find_installed(test, f"{package}.pc").parent
    extra = os.environ.get("PKG_CONFIG_PATH")
    environment = {**os.environ, "PKG_CONFIG_PATH": f"{folder}:{extra}" if extra else str(folder)}
    said = run([test.pkg_config, "--cflags", "--libs", *options, package], env=environment)
    run([test.compiler, "-std=c++20", *shlex.split(test.flags), source,
         "-o", program, *shlex.split(said), f"-Wl,-rpath,{folder.parent}"])


def parser_of(what, choices, folders):
    """The options that all these tests have; `what` is the one of the choices to run, of any if that is None."""
    parser = argparse.ArgumentParser()
    parser.add_argument(what, choices=choices)
    for name in folders:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--generator", default="Unix Makefiles")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--flags", default="")
    parser.add_argument("--pkg-config", default="")
    return parser
