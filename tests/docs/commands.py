"""Commands that a page names, each checked in a form that harms nothing and takes no time."""

import json
import os
import re

import polymux_command
from outcome import Wrong
from processes import run

# Options of CMake and CTest that pages may use; what they name is checked too.
CMAKE_OPTIONS = {"-S", "-B", "-D", "-G", "-j", "--build", "--install", "--prefix", "--preset", "--target", "--workflow",
                 "--parallel"}
CTEST_OPTIONS = {"--preset", "--test-dir", "--output-on-failure", "-L", "-R", "-j"}
# Variables of CMake itself.
CMAKE_VARIABLES = re.compile(r"(CMAKE_\w+|BUILD_SHARED_LIBS|FETCHCONTENT_\w+)")


def check(test, words):
    """What was checked, for people; raises Wrong."""
    program, arguments = words[0], words[1:]
    if program in CHECKS:
        return CHECKS[program](test, arguments)
    if program.startswith("build/"):
        return check_built_program(test, program, arguments)
    if "/" in program:
        return check_script(test, program, arguments)
    raise Wrong(f"no check is known for the command '{program}': add one to tests/docs/commands.py, "
                "or mark the block with `run`, or `excuse` and the reason")


def option_of(word):
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def check_options(program, arguments, known):
    for word in arguments:
        if word.startswith("-") and option_of(word) not in known:
            raise Wrong(f"'{word}' is no option of {program} that tests/docs/commands.py knows")


def after(arguments, option):
    return [arguments[at + 1] for at, word in enumerate(arguments[:-1]) if word == option]


def check_preset(test, names, kind):
    presets = json.loads((test.source / "CMakePresets.json").read_text(encoding="utf-8"))
    known = [preset["name"] for preset in presets[kind] if not preset.get("hidden")]
    for name in names:
        if name not in known:
            raise Wrong(f"there is no preset '{name}' among the {kind}, but {', '.join(known)}")


def files_of_cmake(test):
    for path in [test.source / "CMakeLists.txt", *test.source.glob("*/**/CMakeLists.txt"),
                 *test.source.glob("*/**/*.cmake")]:
        if "build" not in path.relative_to(test.source).parts:
            yield path.read_text(encoding="utf-8")


def makes_target(text, name):
    """Whether a file of CMake does, by itself, for each of a list, or as a fuzzer."""
    word = rf"\b{re.escape(name)}\b"
    added = r"(add_executable|add_library|add_custom_target|add_test_program|add_conformance_program)\w*\(\s*"
    if re.search(added + word, text) or re.search(rf"foreach\(\w+ [^)]*{word}", text) and "add_custom_target(${" in text:
        return True
    fuzzer = re.fullmatch(r"polymux_(\w+)_fuzzer", name)
    return fuzzer is not None and re.search(rf"add_fuzzer\({fuzzer[1]}\b", text) is not None


def check_target(test, name):
    if name not in test.known_targets and not any(makes_target(text, name) for text in files_of_cmake(test)):
        raise Wrong(f"nothing in this tree makes a target '{name}'")
    test.known_targets.add(name)


def check_variable(test, definition):
    name = definition.partition("=")[0].partition(":")[0]
    if CMAKE_VARIABLES.fullmatch(name):
        return
    backend = re.fullmatch(r"POLYMUX_BACKEND_(\w+)", name)
    if backend and (test.source / "backends" / backend[1].lower()).is_dir():
        return
    if not any(re.search(rf"(option|set)\({name}\b", text) for text in files_of_cmake(test)):
        raise Wrong(f"no file of CMake here has the option {name}")


def check_cmake(test, arguments):
    check_options("cmake", arguments, CMAKE_OPTIONS)
    kind = "configurePresets"
    if "--workflow" in arguments:
        kind = "workflowPresets"
    elif "--build" in arguments:
        kind = "buildPresets"
    check_preset(test, after(arguments, "--preset"), kind)
    for target in after(arguments, "--target"):
        check_target(test, target)
    for word in arguments:
        if word.startswith("-D"):
            check_variable(test, word[2:])
    return "cmake: presets, targets and options are there"


def check_ctest(test, arguments):
    check_options("ctest", arguments, CTEST_OPTIONS)
    check_preset(test, after(arguments, "--preset"), "testPresets")
    for option in "-L", "-R":
        for pattern in after(arguments, option):
            check_pattern(test, option, pattern)
    return "ctest: finds tests"


def check_pattern(test, option, pattern):
    """It finds a test, or is the name of what a build may leave out."""
    status, said = run([test.ctest, "--test-dir", test.build, "-N", option, pattern], test.work)
    is_found = status == 0 and "Total Tests: 0" not in said
    if not is_found and not any((test.source / folder / pattern).is_dir() for folder in ("tests", "backends")):
        raise Wrong(f"ctest {option} {pattern} finds no test")


def check_script(test, program, arguments):
    """One of this tree: it can be run, and knows its options."""
    path = test.source / program
    if not path.is_file() or not os.access(path, os.X_OK):
        raise Wrong(f"{program} is no program of this tree")
    text = path.read_text(encoding="utf-8")
    for word in arguments:
        if word.startswith("-") and f'"{word}"' not in text and f" {word}" not in text:
            raise Wrong(f"{program} does not know '{word}'")
        if path.suffix != ".py" and not word.startswith("-") and not re.search(rf"\b{re.escape(word)}\b", text):
            raise Wrong(f"{program} does not know '{word}'")
    return f"{program}: is there, and knows its options"


def check_built_program(test, program, arguments):
    name = program.rpartition("/")[2]
    if name == "polymux":
        return polymux_command.check(test, arguments)
    check_target(test, name)
    return f"{program}: is a target"


def check_pkg_config(test, arguments):
    test.pkg_config(*arguments)
    return "pkg-config: answers"


CHECKS = {
    "cmake": check_cmake,
    "ctest": check_ctest,
    "pkg-config": check_pkg_config,
    "polymux": polymux_command.check,
    # Those that only feed others.
    "printf": lambda _test, _words: "",
    "seq": lambda _test, _words: "",
}
