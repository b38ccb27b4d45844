#!/usr/bin/env python3
"""Within the built site every link leads to a file and an anchor of it, and no page loads anything from elsewhere.

usage: check_site.py SITE
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.dont_write_bytecode = True
from told import check_and_tell  # noqa: E402

# What a browser fetches by itself to show a page.
LOADS = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("embed", "src"), ("object", "data"),
         ("link", "href")}
# Of <link>, what names a page and loads nothing.
NAMES_ONLY = {"canonical", "alternate", "next", "prev", "author", "license"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.anchors = set()
        # (address, whether it is loaded, line)
        self.links = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.anchors.update(filter(None, (named.get("id"), named.get("name") if tag == "a" else None)))
        relation = set((named.get("rel") or "").split())
        for name, address in attributes:
            if address is None:
                continue
            is_load = (tag, name) in LOADS and not (tag == "link" and relation & NAMES_ONLY)
            if is_load or (tag, name) == ("a", "href"):
                self.links.append((address, is_load, self.getpos()[0]))
            if name == "style":
                self.links += [(found, True, self.getpos()[0]) for found in loads_of_style(address)]

    handle_startendtag = handle_starttag


def loads_of_style(text):
    return re.findall(r"url\(\s*['\"]?([^'\")]+)", text) + re.findall(r"@import\s+['\"]([^'\"]+)", text)


class Site:
    def __init__(self, root):
        self.root = root
        self.pages = {file: Page(file.read_text("utf-8")) for file in sorted(root.rglob("*.html"))}

    def links(self):
        """Every link: the file that has it, its line, address, and whether it is loaded."""
        for file, page in self.pages.items():
            for address, is_load, line in page.links:
                yield file, line, address, is_load
        for file in sorted(self.root.rglob("*.css")):
            for address in loads_of_style(file.read_text("utf-8")):
                yield file, 1, address, True

    def fault_of(self, file, address, is_load):
        parts = urlsplit(address)
        if parts.scheme in {"data", "javascript"} or (parts.scheme and not is_load):
            return None
        if parts.scheme or parts.netloc:
            return "is loaded from elsewhere" if is_load else None
        target = self.target_of(file, unquote(parts.path))
        if self.root not in target.parents or not target.is_file():
            return "there is no such file"
        anchor = unquote(parts.fragment)
        if anchor and target in self.pages and anchor not in self.pages[target].anchors | {"top"}:
            return f"{target.relative_to(self.root)} has no such anchor"
        return None

    def target_of(self, file, path):
        if not path:
            return file
        # The page for what is not found may be shown anywhere, so that its links begin at the root.
        start = self.root if path.startswith("/") else file.parent
        target = (start / path.lstrip("/")).resolve()
        return target / "index.html" if target.is_dir() else target


def check(root):
    site = Site(root)
    links = list(site.links())
    faults = []
    for file, line, address, is_load in links:
        fault = site.fault_of(file, address, is_load)
        if fault:
            faults.append(f"{file.relative_to(root)}:{line}: {address}: {fault}")
    return f"{len(links)} links on {len(site.pages)} pages", len(links), faults


if __name__ == "__main__":
    sys.exit(check_and_tell(check, __doc__, sys.argv[1:]))
