"""What came of a block, and what is wrong with it."""

from dataclasses import dataclass


class Wrong(Exception):
    """A block that does not do what the page says."""


@dataclass
class Outcome:
    """`kind` is counted: run, compiled, configured, checked, parsed, used or excused."""
    kind: str
    what: str = ""


KINDS = ("run", "compiled", "configured", "checked", "parsed", "used", "excused")
