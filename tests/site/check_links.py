#!/usr/bin/env python3
"""Every relative link of the documentation leads somewhere: to a file of the repository, and to an anchor in it.

usage: check_links.py ROOT
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "site"))

import markdown_links  # noqa: E402
from told import check_and_tell  # noqa: E402

PAGES = ("*.md", "docs/*.md", "examples/*/*.md", "ports/*.md", "ports/*/*.md")


def anchors_of(file):
    text = file.read_text("utf-8")
    if file.suffix == ".md":
        return markdown_links.anchors(text)
    return set(re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text))


def fault_of(link, page, root):
    """What is wrong with a link, or nothing."""
    target = (page.parent / link.path()).resolve() if link.path() else page
    if target != root and root not in target.parents:
        return "leads out of the repository"
    if not target.exists():
        return "there is no such file"
    if not link.anchor():
        return None
    if target.suffix not in {".md", ".html"}:
        return "no anchors are known of such a file"
    if link.anchor() not in anchors_of(target):
        return f"{target.relative_to(root)} has no such anchor"
    return None


def check(root):
    pages = sorted({page for pattern in PAGES for page in root.glob(pattern)})
    faults = []
    links = 0
    for page in pages:
        for link in markdown_links.links(page.read_text("utf-8")):
            if not link.is_relative():
                continue
            links += 1
            fault = fault_of(link, page, root)
            if fault:
                faults.append(f"{page.relative_to(root)}:{link.line}: {link.target}: {fault}")
    return f"{links} relative links on {len(pages)} pages", links, faults


if __name__ == "__main__":
    sys.exit(check_and_tell(check, __doc__, sys.argv[1:]))
