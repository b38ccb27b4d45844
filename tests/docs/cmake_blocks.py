"""Blocks of CMake: configured in a project of their own, against the installed package."""

import re
import shutil

from outcome import Outcome, Wrong
from processes import run

# The targets that blocks speak of, each of one file.
PREAMBLE = """cmake_minimum_required(VERSION 3.22)
project(block LANGUAGES CXX)
add_executable(program program.cpp)
add_executable(my_test program.cpp)
"""


def known_answers(test):
    """What the build of this tree has asked its compiler, so that polymux as a part of a project need not ask again."""
    cache = (test.build / "CMakeCache.txt").read_text(encoding="utf-8")
    return [f"-D{name}={value}" for name, value in re.findall(r"^(POLYMUX_HAS_\w+):INTERNAL=(.*)$", cache, re.M)]


def absent_components(test, text):
    """Of those that a block asks for, what this build does not have."""
    built = test.pkg_config("--variable=backends", "polymux")
    for components in re.findall(r"COMPONENTS ([^)]*)\)", text):
        for name in components.split():
            if (test.source / "backends" / name).is_dir() and name not in built:
                yield name
            if name == "static" and not (test.pkgconfig.parent / "libpolymux.a").exists():
                yield name


def check(test, block):
    absent = list(absent_components(test, block.text))
    if absent:
        return Outcome("excused", f"this build has no {absent[0]}")
    folder = test.work / f"cmake_{block.line}"
    folder.mkdir()
    shutil.copy(test.program, folder / "program.cpp")
    # One that is a part of a project is a folder in it.
    if "add_subdirectory(polymux)" in block.text or "FetchContent" in block.text:
        (folder / "polymux").symlink_to(test.source)
    preamble = PREAMBLE
    if "wrapper" in block.marks:
        preamble += (test.wrappers / f"{block.marks['wrapper']}.cmake").read_text(encoding="utf-8")
    is_whole = re.search(r"^project\(", block.text, re.M) is not None
    (folder / "CMakeLists.txt").write_text(("" if is_whole else preamble) + block.text, encoding="utf-8")
    command = [test.cmake, "-G", test.generator, "-S", folder, "-B", folder / "build",
               f"-DCMAKE_PREFIX_PATH={test.prefix}", f"-DCMAKE_CXX_COMPILER={test.compiler}",
               f"-DFETCHCONTENT_SOURCE_DIR_POLYMUX={test.source}", "-DPOLYMUX_BACKEND_LIBEVENT=OFF"]
    status, said = run([*command, *known_answers(test)], test.work)
    if status != 0:
        raise Wrong(f"cannot be configured:\n{said}")
    return Outcome("configured")
