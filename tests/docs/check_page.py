#!/usr/bin/env python3
"""Compiles, runs or checks every code block of a page of Markdown.

usage: check_page.py PAGE --source DIR --build DIR --prefix DIR --work DIR [--cmake PROGRAM] [--ctest PROGRAM]
                     [--generator NAME] [--compiler PROGRAM] [--flags FLAGS] [--pkg-config PROGRAM]

PREFIX is where polymux is installed, PAGE a path in the tree. Each block is a line of the output, with what was
done; one that is excused says why. Exits with 1 if a block is wrong, with 77 where there is no pkg-config.
"""

import os
import shlex
import shutil
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import cmake_blocks  # noqa: E402
import cpp_blocks  # noqa: E402
import data_blocks  # noqa: E402
import names  # noqa: E402
import shell_blocks  # noqa: E402
from blocks import PageError, blocks_of  # noqa: E402
from outcome import KINDS, Outcome, Wrong  # noqa: E402
from places import Places  # noqa: E402
from processes import SECONDS, run  # noqa: E402
from shown import differs  # noqa: E402
from using_polymux import parser_of  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def check_text(test, block):
    """No code, so it is what a program says (the one that was run before, or a server with these options), or a diagram of
    functions that there are."""
    if "names" in block.marks:
        return names.check(test, block)
    if "server" in block.marks:
        server = shell_blocks.start_server(test, block.marks["server"])
        test.last_output = test.wait_for(server.log, block.text.count("\n"))
        shell_blocks.end(server)
    elif "output" not in block.marks:
        raise Wrong("text is run by nobody: mark it with `output`, if it is that of the program before, "
                    "`server` and its options, if it is in its log, `names`, if it is of functions, or `excuse` and what it is")
    if test.last_output is None:
        raise Wrong("is marked as output, and no program was run before")
    wrong = test.differs(block.text, test.last_output, "numbers" in block.marks)
    if wrong:
        raise Wrong(f"{wrong}; all of it:\n{test.last_output}")
    return Outcome("used", "compared with what is said")


CHECKS = {
    "cpp": cpp_blocks.check,
    "cmake": cmake_blocks.check,
    "sh": shell_blocks.check,
    "console": shell_blocks.check,
    "toml": data_blocks.check_toml,
    "json": data_blocks.check_json,
    "ini": data_blocks.check_ini,
    "text": check_text,
}


class Test:
    """A page and what it is tested with."""

    def __init__(self, arguments):
        self.source, self.build = arguments.source.resolve(), arguments.build.resolve()
        self.prefix, self.work = arguments.prefix.resolve(), arguments.work.resolve()
        self.ctest = arguments.ctest
        self.cmake, self.generator, self.compiler = arguments.cmake, arguments.generator, arguments.compiler
        self.flags, self.warnings = shlex.split(arguments.flags), WARNINGS
        self.pkg_config_program = arguments.pkg_config
        shutil.rmtree(self.work, ignore_errors=True)
        # What a page's own commands see; they may change it by cd.
        self.folder = self.work / "folder_of_the_page"
        self.folder.mkdir(parents=True)
        here = Path(__file__).resolve().parent
        self.wrappers, self.program = here / "wrappers", here / "program.cpp"
        shutil.copy(self.program, self.folder / "program.cpp")
        self.polymux = self.prefix / "bin" / "polymux"
        self.pkgconfig = next(self.prefix.rglob("polymux.pc")).parent
        self.environment = self._environment()
        self.is_root = os.geteuid() == 0
        self.places = Places(self)
        self.last_output = None
        self.known_targets = set()
        self.saved = {}
        self.backgrounds = []

    def _environment(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POLYMUX_")}
        environment["PATH"] = f"{self.prefix / 'bin'}:{environment['PATH']}"
        extra = environment.get("PKG_CONFIG_PATH")
        environment["PKG_CONFIG_PATH"] = f"{self.pkgconfig}:{extra}" if extra else str(self.pkgconfig)
        environment["CMAKE_PREFIX_PATH"] = str(self.prefix)
        environment["CXX"] = self.compiler
        environment["CXXFLAGS"] = shlex.join(self.flags)
        # Programs that a page has built by hand find the library there.
        environment["LD_LIBRARY_PATH"] = str(self.pkgconfig.parent)
        return environment

    def pkg_config(self, *arguments):
        status, said = run([self.pkg_config_program, *arguments], self.work, self.environment)
        if status != 0:
            raise Wrong(f"pkg-config {' '.join(arguments)}: {said}")
        return shlex.split(said)

    def link_with(self, package):
        static = [] if any(self.pkgconfig.parent.glob("libpolymux.*so*")) else ["--static"]
        return self.pkg_config("--cflags", "--libs", *static, package)

    def save(self, block):
        path = self.folder / block.marks["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        self.saved[block.marks["file"]] = block
        return Outcome("used", f"saved as {block.marks['file']}, for the commands that follow")

    def differs(self, shown, said, numbers):
        """As shown.differs, where the page may have its own ports or PORT."""
        return differs(shown, said, numbers) and differs(shown, self.places.take_out(said), numbers)

    def clean_up(self, background):
        self.backgrounds.append(background)

    def wait_for(self, said, lines):
        """What `said()` gives once it has so many lines."""
        deadline = time.monotonic() + SECONDS
        while said().count("\n") < lines and time.monotonic() < deadline:
            time.sleep(0.01)
        return said()

    def end(self):
        """Ends what still runs; how many did not end in peace, by SIGTERM and with 0."""
        failed = 0
        for background in self.backgrounds:
            status, _ = background.end()
            if status != 0:
                failed += 1
                print(f"WRONG: {background.name} ends with {status}: {background.log()}")
        return failed


def check(test, block):
    if "excuse" in block.marks:
        return Outcome("excused", block.marks["excuse"])
    if block.language not in CHECKS:
        raise Wrong(f"the language '{block.language}' is not known, but {', '.join(CHECKS)}")
    if "file" in block.marks:
        return test.save(block)
    return CHECKS[block.language](test, block)


def check_all(test, blocks):
    """Counts by kind, and how many are wrong."""
    counts, wrong = dict.fromkeys(KINDS, 0), 0
    for block in blocks:
        began = time.monotonic()
        try:
            outcome = check(test, block)
        except Wrong as error:
            wrong += 1
            print(f"{block} {block.language}: WRONG: {error}")
            continue
        counts[outcome.kind] += 1
        print(f"{block} {block.language}: {outcome.kind}: {outcome.what} ({time.monotonic() - began:.1f} s)")
    unused = [block for block in test.saved.values()
              if not any("run" in other.marks and other.line > block.line for other in blocks)]
    for block in unused:
        wrong += 1
        print(f"{block} {block.language}: WRONG: saved, and no later block is run")
    return counts, wrong


def parse():
    parser = parser_of("page", None, ("source", "build", "prefix", "work"))
    parser.add_argument("--ctest", default="ctest")
    return parser.parse_args()


def main():
    arguments = parse()
    try:
        blocks = blocks_of(arguments.page, (arguments.source / arguments.page).read_text(encoding="utf-8"))
    except PageError as error:
        sys.exit(str(error))
    if not blocks:
        print(f"{arguments.page}: no blocks")
        return
    if not arguments.pkg_config:
        print("skipped: there is no pkg-config")
        sys.exit(77)
    test = Test(arguments)
    try:
        counts, wrong = check_all(test, blocks)
    finally:
        failed = test.end()
    wrong += failed
    told = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
    print(f"{arguments.page}: {len(blocks)} blocks: {told}{f', {wrong} WRONG' if wrong else ''}")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
