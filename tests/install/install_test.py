#!/usr/bin/env python3
"""Installs polymux, moves it, and uses it as its users do.

usage: install_test.py CASE --build DIR --work DIR --source DIR [--cmake PROGRAM]
                       [--generator NAME] [--compiler PROGRAM] [--flags FLAGS] [--pkg-config PROGRAM]
                       [--kind static|shared] [--why-not REASON]

Exits with 77 where there is nothing to test it with: --compiler is empty, and REASON says why.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layering"))
from check_layering import STANDARD  # noqa: E402
from using_polymux import build_by_cmake, build_by_pkg_config, parser_of, run  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
SHARED = ("*.so", "*.so.*", "*.dylib")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def shared_libraries(prefix):
    return sorted(path for pattern in SHARED for path in prefix.rglob(pattern))


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
    expected = ["include/polymux/polymux.hpp", "include/polymux/version.hpp", "share/doc/polymux/LICENSE"]
    absent = [name for name in expected if not (test.prefix / name).exists()]
    if absent:
        sys.exit(f"not installed: {', '.join(absent)}")

    # What somebody has who wants no shared library.
    shutil.copytree(test.prefix, test.static_only, symlinks=True)
    for path in shared_libraries(test.static_only):
        path.unlink()


def needs_shared_polymux(program):
    """Whether a program is linked with a shared library of ours; None where it cannot be asked."""
    tool = shutil.which("readelf")
    if not tool:
        return None
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run([tool, "-d", program]))
    if any("event" in name or "uring" in name for name in needed) and "libpolymux" in str(needed):
        sys.exit(f"what a shared polymux needs is its own matter, and the program is linked with {needed}")
    return any(name.startswith("libpolymux") for name in needed)


def expect_consumer(test, program):
    said = run([program])
    print(said)
    if not said.startswith("consumer: "):
        sys.exit("the consumer ran and did not say which backend it used")
    is_shared = needs_shared_polymux(program)
    if is_shared is not None and is_shared != (test.kind == "shared"):
        sys.exit(f"not linked with the {test.kind} library")


def compiler_of(test):
    if not test.compiler:
        skip(test.why_not)
    return Path(test.compiler).name


def find_package(test):
    build = fresh(test.work / "find_package" / test.kind / compiler_of(test))
    build_by_cmake(test, test.consumer, build, f"-DKIND={test.kind}")
    expect_consumer(test, build / "consumer")


def pkg_config(test):
    name = compiler_of(test)
    if not test.pkg_config:
        skip("there is no pkg-config")
    build = fresh(test.work / "pkg_config" / test.kind / name)
    has_both = bool(shared_libraries(test.prefix))
    if test.kind == "static":
        test.prefix = test.static_only
    # A static library that is alone is found in either way.
    ways = {("static", True): (["--static"],), ("static", False): ([], ["--static"])}
    for static in ways.get((test.kind, has_both), ([],)):
        program = build / "consumer"
        build_by_pkg_config(test, "polymux", test.consumer / "main.cpp", program, *static)
        expect_consumer(test, program)


def header_names(test):
    include = test.prefix / "include"
    return sorted(path.relative_to(include).as_posix() for path in include.rglob("*.hpp"))


def headers_compile_alone(test):
    """Each header is a translation unit, included twice, with every warning an error."""
    build = fresh(test.work / "headers" / compiler_of(test))
    names = header_names(test)

    def compile_alone(name):
        unit = build / (name.replace("/", "_") + ".cpp")
        unit.write_text(f"#include <{name}>\n#include <{name}>\n", encoding="utf-8")
        return subprocess.run([test.compiler, "-std=c++20", "-fsyntax-only", *WARNINGS,
                               f"-I{test.prefix / 'include'}", str(unit)], stdout=subprocess.PIPE,
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


def headers_include_nothing_else(test):
    """Installed headers include the standard library and each other: no system's, no dependency's."""
    names = header_names(test)
    wrong = []
    for name in names:
        text = (test.prefix / "include" / name).read_text(encoding="utf-8")
        for included in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.M):
            if included not in STANDARD and included not in names:
                wrong.append(f"<{name}> includes {included}, which is neither standard nor installed")
    print("\n".join(wrong) or f"{len(names)} headers")
    if wrong or not names:
        sys.exit(1)


def built_backends(test):
    """What this build has, and what it lacks with the reason, as CMake wrote it."""
    text = (test.build / "generated" / "backend_list.hpp").read_text(encoding="utf-8")
    return re.findall(r"X\((\w+)\)", text), dict(re.findall(r'X\((\w+), "([^"]*)"\)', text))


def ask_components(test, build, components, **environment):
    """What find_package says of each; they are asked for together where joined by +."""
    said = run([test.cmake, "-G", test.generator, "-S", test.source / "tests/install/components",
                "-B", build, f"-DCMAKE_PREFIX_PATH={test.prefix}", f"-DCMAKE_CXX_COMPILER={test.compiler}",
                f"-DCOMPONENTS={';'.join(components)}"], env={**os.environ, **environment})
    return dict(re.findall(r"^-- <(\S+)> (.*?)\s*$", said, re.M))


def expect_said(answers, component, *words):
    said = answers.get(component, "")
    absent = [word for word in words if word not in said]
    if absent:
        sys.exit(f"{component}: find_package said '{said}', and not '{absent[0]}'")


def components(test):
    """Those that are here are found, and of the others it is said why not."""
    built, missing = built_backends(test)
    is_both = bool(shared_libraries(test.prefix)) and any(test.prefix.rglob("libpolymux.a"))
    answers = ask_components(test, fresh(test.work / "components"), [
        *missing, "nonsense", "static+shared", "core+" + "+".join(built), "testing"])
    for backend, why in missing.items():
        expect_said(answers, backend, "FALSE", why)
    expect_said(answers, "nonsense", "FALSE", "polymux has no component nonsense, but core, testing")
    if is_both:
        expect_said(answers, "static+shared", "FALSE", "ask for the component static, or for shared")
    expect_said(answers, "core+" + "+".join(built), "TRUE")
    expect_said(answers, "testing", "TRUE")
    expect_said(answers, "optional", "TRUE FALSE")
    if shared_libraries(test.prefix):
        if answers["links"] != "Threads::Threads":
            sys.exit(f"the shared library hands on {answers['links']}")
        # What it is made with is nobody's business; of the static one it is said what is missing.
        answers = ask_components(test, fresh(test.work / "components_alone"), ["shared", "static"],
                                 PKG_CONFIG_LIBDIR="/nonexistent", PKG_CONFIG_PATH="")
        expect_said(answers, "shared", "TRUE")
        modules = re.search(r"^Requires.*: *(\S.*)?$", next(test.prefix.rglob("polymux.pc")).read_text(), re.M)
        for module in re.split(r",\s*", modules.group(1) or ""):
            if module:
                expect_said(answers, "static", "FALSE", f"was built with {module}, and pkg-config does not find it")
    print(f"{len(built)} backends here, {len(missing)} not, each with its reason")


def exports(test):
    """A shared library offers what is in namespace polymux, and of that what api/exports.txt lists."""
    library = next((path for path in shared_libraries(test.prefix) if ".so" in path.name), None)
    tool = shutil.which("nm")
    if not library or not tool:
        skip("there is no ELF library, or no nm to read it with")
    lines = run([tool, "-D", "-C", "--defined-only", library]).splitlines()
    symbols = [line.split(maxsplit=2)[1:] for line in lines]
    about = r"(?:(?:vtable|VTT|typeinfo|typeinfo name|guard variable|non-virtual thunk|virtual thunk) (?:for|to) )?"
    strangers = [name for _, name in symbols if not re.match(about + r"polymux::", name)]
    if strangers:
        sys.exit("exported, and not of namespace polymux:\n  " + "\n  ".join(strangers))

    # What is weak each user has himself; which of that a library has too is up to the compiler.
    found = {re.sub(r"\[abi:\w+\]", "", name) for kind, name in symbols if kind not in "WwVvu"}
    listing = test.source / "api" / "exports.txt"
    if os.environ.get("POLYMUX_RENEW_API"):
        listing.write_text("".join(f"{name}\n" for name in sorted(found)), encoding="utf-8")
    listed = set(listing.read_text(encoding="utf-8").splitlines())
    for sign, names in (("+", found - listed), ("-", listed - found)):
        for name in sorted(names):
            print(sign, name)
    print(f"{len(found)} names, {len(symbols)} symbols")
    if found != listed:
        sys.exit("these are exported and not in api/exports.txt (+), or in it and not exported (-).\n"
                 "If that is what users should see, renew the list, and say so in CHANGELOG.md:\n"
                 "  POLYMUX_RENEW_API=1 ctest --test-dir BUILD -R install.exports")


def subproject(test):
    """As a part of another project: nothing is built but the library, nothing installed, no test added."""
    build = fresh(test.work / "subproject")
    source = test.source / "tests" / "install" / "subproject"
    override = f"-DFETCHCONTENT_SOURCE_DIR_POLYMUX={test.source}"
    test.kind = "static"
    for how in ("fetch_content", "subdirectory"):
        build_by_cmake(test, source, build, f"-DHOW={how}", override, "-DFETCHCONTENT_FULLY_DISCONNECTED=ON",
                       "-DPOLYMUX_BACKEND_LIBEVENT=OFF")
        expect_consumer(test, build / "consumer")
    tests = run([test.cmake, "-E", "chdir", build, "ctest", "-N"])
    if "Total Tests: 0" not in tests:
        sys.exit(f"polymux added tests to a project that it is a part of:\n{tests}")
    run([test.cmake, "--install", build, "--prefix", test.work / "subproject_installed"])
    extra = [path.name for path in build.rglob("*") if path.is_file() and os.access(path, os.X_OK)
             and path.suffix == "" and "CMakeFiles" not in path.parts and path.name != "consumer"]
    installed = list((test.work / "subproject_installed").rglob("*.hpp"))
    if extra or installed:
        sys.exit(f"built or installed beside the library: {extra} {installed}")


CASES = {case.__name__: case for case in (
    install, find_package, pkg_config, headers_compile_alone, headers_include_nothing_else, components,
    exports, subproject)}


def main():
    parser = parser_of("case", CASES, ("build", "work", "source"))
    parser.add_argument("--kind", choices=("static", "shared"))
    parser.add_argument("--why-not", default="")
    test = parser.parse_args()
    test.prefix = test.work / "moved"
    test.static_only = test.work / "static_only"
    test.consumer = test.source / "tests" / "install" / "consumer"
    CASES[test.case](test)


if __name__ == "__main__":
    main()
