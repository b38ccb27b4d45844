"""Diagrams: each `Class::function` in them is one of this tree."""

import re

from outcome import Outcome, Wrong

NAME = re.compile(r"\b([A-Z]\w+)::(\w+)\b")


def sources(test):
    for folder in ("core", "backends", "platform"):
        for pattern in ("**/*.hpp", "**/*.cpp"):
            for path in (test.source / folder).glob(pattern):
                yield path.read_text(encoding="utf-8")


def check(test, block):
    wanted = sorted(set(NAME.findall(block.text)))
    if not wanted:
        raise Wrong("is marked with `names`, and has none such as Class::function")
    texts = list(sources(test))
    for owner, function in wanted:
        kind = re.compile(rf"\b(class|struct) (\w+ )?{owner}\b")
        if not any(owner in text and f"{function}(" in text and kind.search(text) for text in texts):
            raise Wrong(f"no {owner} in this tree has a function {function}")
    return Outcome("checked", f"{len(wanted)} names of functions")
