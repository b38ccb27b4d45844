"""What the checks of links have in common: what they are started with, print and return."""

import sys
from pathlib import Path


def check_and_tell(check, usage, arguments):
    """Has `check` look at the folder that is the only argument: it returns what it looked at, in words, the number of
    links, and what is wrong with which. Returns the exit code."""
    if len(arguments) != 1:
        print(usage.split("\n\n")[1], file=sys.stderr)
        return 2
    seen, links, faults = check(Path(arguments[0]).resolve())
    for fault in faults:
        print(fault)
    print(f"{seen}, {len(faults)} broken")
    # A search that finds nothing proves nothing.
    return 1 if faults or not links else 0
