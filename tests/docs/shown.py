"""Whether an output is the one that a page shows."""

import re


def pattern_of(line, numbers):
    """`...` is any text. With `numbers`, each number is any."""
    parts = [re.escape(part) for part in line.rstrip().split("...")]
    pattern = ".*".join(parts)
    if numbers:
        pattern = re.sub(r"\d+(?:\\\.\d+)*", r"\\d+(?:\\.\\d+)*", pattern)
    return re.compile(pattern + r"\s*")


def differs(expected, actual, numbers=False):
    """Empty if `actual` is what `expected` shows; otherwise the first line that is not.

    A line of three points alone stands for any number of lines, none too.
    """
    lines = actual.rstrip("\n").split("\n") if actual.strip() else []
    at, may_skip = 0, False
    for line in expected.rstrip("\n").split("\n") if expected.strip() else []:
        if line.strip() == "...":
            may_skip = True
            continue
        pattern = pattern_of(line, numbers)
        while at < len(lines) and may_skip and not pattern.fullmatch(lines[at]):
            at += 1
        if at == len(lines):
            return f"'{line}' is shown, and nothing like it comes"
        if not pattern.fullmatch(lines[at]):
            return f"'{line}' is shown, and '{lines[at]}' comes"
        at, may_skip = at + 1, False
    if at < len(lines) and not may_skip:
        return f"'{lines[at]}' comes, and is not shown"
    return ""
