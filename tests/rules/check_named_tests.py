#!/usr/bin/env python3
"""Holds the names of tests in a document against the tests of the tree.

usage: check_named_tests.py DOCUMENT TESTS

In backquotes, `test_...` is a function of tests/e2e, and `Suite.Test` a test of GoogleTest. Every row of the
table under "Not" has to name one.
"""

import re
import sys
from pathlib import Path

NAMED = re.compile(r"`(test_\w+|[A-Z]\w+\.[A-Z]\w+)`")
GOOGLE_TEST = re.compile(r"^TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\s*\)", re.M)


def tests_of(folder):
    found = set()
    for path in folder.rglob("*.py"):
        found |= set(re.findall(r"^    def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M))
    for path in folder.rglob("*.cpp"):
        found |= {".".join(pair) for pair in GOOGLE_TEST.findall(path.read_text(encoding="utf-8"))}
    return found


def rows_without_test(text):
    claims = re.search(r"^## Not\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    rows = [line for line in (claims.group(1) if claims else "").split("\n") if line.startswith("| ")]
    return [row for row in rows[2:] if not NAMED.search(row)] if len(rows) > 2 else ["no row at all"]


def complaints(text, tests):
    gone = [f"there is no test {name}" for name in NAMED.findall(text) if name not in tests]
    return gone + [f"names no test: {row}" for row in rows_without_test(text)]


def main(arguments):
    if len(arguments) != 2:
        print("usage: check_named_tests.py DOCUMENT TESTS", file=sys.stderr)
        return 2
    text = Path(arguments[0]).read_text(encoding="utf-8")
    wrong = complaints(text, tests_of(Path(arguments[1])))
    print("\n".join(wrong) or f"{len(set(NAMED.findall(text)))} tests are named, and there")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
