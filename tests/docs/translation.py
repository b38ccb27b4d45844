#!/usr/bin/env python3
"""Holds a translated page against the page: the same headings, lists, code blocks, figures of tables and links.

usage: translation.py PAGE TRANSLATION

Each part of a page, in order, becomes a line of what no language changes; the two lists have to be the same.
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parents[2] / "docs" / "site"))
from blocks import PageError, blocks_of  # noqa: E402
from markdown_links import without_blocks  # noqa: E402

HEADING = re.compile(r"^(#+)\s")
ITEM = re.compile(r"^(\s*)([-*]|\d+\.)\s")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`]+)`")
# With commas or a point inside, and not within a word; a character of Chinese may follow at once.
NUMBER = re.compile(r"(?<![A-Za-z0-9_.])\d+(?:,\d{3})*(?:\.\d+)?(?![A-Za-z0-9_])")
ROW = re.compile(r"^\|.*\|\s*$")
# What links the two with each other, and is another in each.
LANGUAGE_LINK = re.compile(r"README(\.zh-CN)?\.md")


def without_comments(text):
    return re.sub(r"<!--.*?-->", "", text, flags=re.S)


def links_of(text):
    return [link for link in LINK.findall(text) if not LANGUAGE_LINK.fullmatch(link)]


def row_of(line):
    cells = line.strip().strip("|").split("|")
    return len(cells), tuple(NUMBER.findall(LINK.sub("", SPAN.sub("", line))))


def shape_of(page, text):
    """What the page is made of, each part with a name for people."""
    prose = without_comments(without_blocks(text))
    parts = [(f"code block {number}", (block.language, block.text, tuple(sorted(block.marks.items()))))
             for number, block in enumerate(blocks_of(page, text), 1)]
    lines = prose.split("\n")
    headings = [len(match[1]) for line in lines if (match := HEADING.match(line))]
    parts += [(f"level of heading {number}", level) for number, level in enumerate(headings, 1)]
    parts += [(f"row {number} of the tables, its cells and figures", row_of(line))
              for number, line in enumerate(filter(ROW.match, lines), 1)]
    parts.append(("items of lists", sum(1 for line in lines if ITEM.match(line))))
    # Sentences come in another order in another language.
    sections = re.split(r"^#+ .*$", prose, flags=re.M)
    for number, section in enumerate(sections):
        where = f"section {number}" if number else "what comes before the first heading"
        parts.append((f"links of {where}", sorted(links_of(section))))
        parts.append((f"code within the lines of {where}", sorted(set(SPAN.findall(section)))))
        plain = LINK.sub("", SPAN.sub("", "\n".join(line for line in section.split("\n") if not ROW.match(line))))
        parts.append((f"numbers of {where}", sorted(set(NUMBER.findall(plain)))))
    return parts


def differences(page, translated):
    """For people, one a line; empty if they have the same shape."""
    first, second = dict(page), dict(translated)
    for name in [*first, *(name for name in second if name not in first)]:
        if first.get(name) != second.get(name):
            yield f"{name}: {first.get(name)!r}\n  and in the translation {second.get(name)!r}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    paths = [Path(name) for name in sys.argv[1:]]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    try:
        shapes = [shape_of(path.name, text) for path, text in zip(paths, texts)]
    except PageError as error:
        sys.exit(str(error))
    wrong = list(differences(*shapes))
    for path, other, text in zip(paths, reversed(paths), texts):
        if other.name not in LINK.findall(text):
            wrong.append(f"{path.name} does not link to {other.name}")
    print("\n".join(wrong) or f"{paths[1].name} has the shape of {paths[0].name}: {len(shapes[0])} parts")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
