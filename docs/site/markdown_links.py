"""Finds the links and the anchors of a Markdown file, as a forge shows it (GitHub Flavored Markdown)."""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
# [text](target "title"), ![text](target), [name]: target
INLINE = re.compile(r"(!?)\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^()<>\s]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"(?m)^ {0,3}()\[[^\]^][^\]]*\]:\s+<?([^<>\s]+)>?")
ATTRIBUTE = re.compile(r"<(img|a)\b[^>]*?\s(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$")
ANCHOR = re.compile(r"<[a-z]+\b[^>]*?\s(?:id|name)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Link:
    target: str
    line: int
    # Where the target stands in the text.
    start: int
    end: int
    is_picture: bool

    def is_relative(self):
        return not re.match(r"[a-z][a-z0-9+.-]*:|//", self.target, re.I)

    def path(self):
        return self.target.partition("#")[0]

    def anchor(self):
        return self.target.partition("#")[2]


def without_blocks(text):
    """The text with blanks in place of blocks of code: what is left stands where it stood."""
    lines = []
    fence = ""
    is_code = False
    last = ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if fence:
            blank = True
            if mark and mark.group(1).startswith(fence) and line.strip() == mark.group(1):
                fence = ""
        elif mark:
            blank = True
            fence = mark.group(1)
        else:
            # Four blanks make a block, but do not interrupt a paragraph.
            is_code = bool(re.match(r"( {4}|\t)", line)) and (is_code or not last.strip())
            blank = is_code
        lines.append(" " * len(line) if blank else line)
        last = line
    return "\n".join(lines)


def without_code(text):
    return re.sub(r"(?s)(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", lambda code: re.sub(r"[^\n]", " ", code.group()),
                  without_blocks(text))


def links(text):
    """Every link, in the order of the text."""
    plain = without_code(text)
    found = []
    for pattern in (INLINE, DEFINITION, ATTRIBUTE):
        for match in pattern.finditer(plain):
            found.append(Link(match.group(2), plain.count("\n", 0, match.start()) + 1, match.start(2), match.end(2),
                              match.group(1) in {"!", "img"}))
    return sorted(found, key=lambda link: link.start)


def slug(heading):
    """The anchor of a heading: its text, in lower case, without punctuation, with - for each blank."""
    shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    shown = re.sub(r"<[^>]*>", "", re.sub(r"[`*]", "", shown))
    return re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")


def anchors(text):
    """Everything that a link can point to within the file."""
    found = set(ANCHOR.findall(without_code(text)))
    seen = {}
    for line in without_blocks(text).split("\n"):
        heading = HEADING.match(line)
        if not heading:
            continue
        name = slug(heading.group(1))
        number = seen.get(name, 0)
        seen[name] = number + 1
        found.add(f"{name}-{number}" if number else name)
    return found
