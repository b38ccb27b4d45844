#!/usr/bin/env python3
"""polymux(1) has every subcommand and option that --help has, and both pages are well formed.

usage: man_test.py POLYMUX PAGE...        the first page is that of the command
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path


def said(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=30).stdout


def options_of(text):
    """The options of a help; names in its prose are of others, or repeat."""
    lines = [line for line in text.split("\n") if re.match(r"  --?\w", line)]
    return {option for line in lines
            for option in re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", line.split("  ")[1])}


def main(arguments):
    polymux, *pages = arguments
    help_text = said(polymux, "--help")
    commands = re.findall(r"^  (\w+) ", help_text.split("Subcommands:")[1], re.M)
    page = Path(pages[0]).read_text(encoding="utf-8").replace("\\-", "-")
    expected = {f".SS polymux {name}" for name in commands}
    for name in commands:
        expected |= options_of(said(polymux, name, "--help"))
    absent = sorted(word for word in expected
                    if not re.search(rf"{re.escape(word)}(?![\w-])", page))
    if absent or len(commands) < 5 or len(expected) < 40:
        sys.exit(f"{len(expected)} expected of {len(commands)} subcommands; not in {pages[0]}: {absent}")
    print(f"{len(expected)} subcommands and options")

    if not shutil.which("mandoc"):
        print("there is no mandoc to look at the pages with")
        return 0
    for name in pages:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", name], stdout=subprocess.PIPE, text=True,
                              check=False, timeout=30)
        if done.returncode:
            sys.exit(done.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
