#!/usr/bin/env python3
"""Holds the figures that a page quotes against the page that has them from a measurement.

usage: figures.py PAGE [--renew]

A comment before a table says where its figures are from: <!-- figures: docs/performance.md -->. Its columns are
backends, its rows have the names of the other page's; "(system calls)" behind one says in which of its tables.
--renew writes the figures anew.
"""

import re
import sys
from pathlib import Path

MARK = re.compile(r"^<!-- figures: (\S+) -->$")
UNIT = re.compile(r"^(.*?)(?: \((.*)\))?$")


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def measured(text):
    """By the row's name: for each table that has it, the first cell of its header and figures by column."""
    found, header = {}, None
    for line in text.split("\n"):
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = cells_of(line)
        elif not set(line) <= set("|- :"):
            name, *figures = cells_of(line)
            found.setdefault(name, []).append((header[0], dict(zip(header[1:], figures))))
    return found


def quoted_row(line, backends, source):
    """The row as it should be; raises KeyError with what the source does not have."""
    name, unit = UNIT.match(cells_of(line)[0]).groups()
    tables = [figures for table, figures in source.get(name, ()) if not unit or table == unit]
    if not tables:
        raise KeyError(f"no table has a row '{name}'" + (f" in {unit}" if unit else ""))
    missing = [backend for backend in backends if f"polymux/{backend}" not in tables[0]]
    if missing:
        raise KeyError(f"'{name}' has no column polymux/{missing[0]}")
    return "| " + " | ".join([cells_of(line)[0], *(tables[0][f"polymux/{backend}"] for backend in backends)]) + " |"


def renewed(text, read):
    """The page with all quoted figures as they are now; `read` gives the text of a source."""
    lines, source, backends = text.split("\n"), None, None
    for at, line in enumerate(lines):
        mark = MARK.match(line)
        if mark:
            source, backends = measured(read(mark[1])), None
        elif source and line.startswith("|"):
            if backends is None:
                backends = cells_of(line)[1:]
            elif not set(line) <= set("|- "):
                lines[at] = quoted_row(line, backends, source)
        elif backends is not None:
            source = backends = None
    return "\n".join(lines)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    page = Path(sys.argv[1])
    root = Path(__file__).resolve().parent.parent.parent
    text = page.read_text(encoding="utf-8")
    try:
        new = renewed(text, lambda name: (root / name).read_text(encoding="utf-8"))
    except KeyError as error:
        sys.exit(f"{page}: {error.args[0]}")
    if "--renew" in sys.argv:
        page.write_text(new, encoding="utf-8")
        return
    wrong = [(old, right) for old, right in zip(text.split("\n"), new.split("\n")) if old != right]
    for old, right in wrong:
        print(f"{page.name} has\n  {old}\nand what was measured is\n  {right}")
    if wrong:
        sys.exit(f"renew it: tests/docs/figures.py {page} --renew")


if __name__ == "__main__":
    main()
