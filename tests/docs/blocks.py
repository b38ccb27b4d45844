"""The code blocks of a page of Markdown, and what the page says of them to the test.

A block begins with a fence and its language. A comment right before it, which readers do not see, marks it:

    <!-- doc-test: wrapper loop; prints ... saw 6 bytes -->

Marks are separated by semicolons; each is a word, and what it needs after it.
"""

import re
from dataclasses import dataclass, field

# What each mark needs after it, for people; empty for those that stand alone.
MARKS = {
    "excuse": "why it is not run",
    "wrapper": "the file of tests/docs/wrappers that a fragment belongs into, or that goes before a block of CMake",
    "file": "the name under which a later block of the page uses it",
    "run": "",
    "server": "options of a `polymux serve` that runs meanwhile; PORT is its port",
    "log": "",
    "output": "",
    "numbers": "",
    "names": "",
    "args": "with what the program is called",
    "input": "what the program reads",
    "prints": "what the program has to print",
    "ends-by": "the signal that ends the program",
}
# Those that may have nothing after them.
ALONE = {"run", "log", "output", "numbers", "names", "server"}


class PageError(Exception):
    """A page that cannot be read: where, and what would be right."""


@dataclass
class Block:
    """One code block: `text` without its indentation, and `line` that of its first line of code."""
    page: str
    line: int
    language: str
    text: str
    marks: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.page}:{self.line}"


FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})\s*(?P<language>\S*)\s*$")
COMMENT = re.compile(r"^\s*<!--\s*doc-test:(?P<marks>.*?)-->\s*$")
ITEM = re.compile(r"^\s*([-*+]|\d+[.)])\s")


def marks_of(text, where):
    marks = {}
    for mark in text.split(";"):
        word, _, rest = mark.strip().partition(" ")
        if word not in MARKS:
            raise PageError(f"{where}: there is no mark '{word}', but {', '.join(MARKS)}")
        if not rest and word not in ALONE:
            raise PageError(f"{where}: {word} needs {MARKS[word]}")
        marks[word] = rest.strip()
    return marks


def blocks_of(page, text):
    """All blocks, in order. Raises PageError for one that has no end, no language, or is indented instead."""
    lines = text.split("\n")
    found, marks, marked_at = [], {}, 0
    number, in_item, before = 0, False, ""
    while number < len(lines):
        line = lines[number]
        number += 1
        where = f"{page}:{number}"
        comment, fence = COMMENT.match(line), FENCE.match(line)
        if comment:
            if marks:
                raise PageError(f"{where}: line {marked_at} marks the block already")
            marks, marked_at = marks_of(comment["marks"], where), number
        elif fence:
            end = next((at for at in range(number, len(lines))
                        if lines[at].strip() == fence["fence"]), None)
            if end is None:
                raise PageError(f"{where}: this block has no end")
            if not fence["language"]:
                raise PageError(f"{where}: say the language of this block, behind the fence")
            indent = len(fence["indent"])
            code = [part[indent:] if not part[:indent].strip() else part for part in lines[number:end]]
            found.append(Block(page, number + 1, fence["language"], "\n".join(code) + "\n", marks))
            marks, number = {}, end + 1
        elif line.strip():
            if marks:
                raise PageError(f"{page}:{marked_at}: this mark has no block behind it")
            if ITEM.match(line):
                in_item = True
            elif not line.startswith(" "):
                in_item = False
            if line.startswith("    ") and not before.strip() and not in_item:
                raise PageError(f"{where}: a block by indentation has no language: use a fence")
        before = line
    if marks:
        raise PageError(f"{page}:{marked_at}: this mark has no block behind it")
    return found
