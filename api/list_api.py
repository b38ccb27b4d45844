#!/usr/bin/env python3
"""Lists what the public headers declare, so that a change of it is seen.

usage: list_api.py ROOT            prints the listing
       list_api.py ROOT --check    compares it with api/polymux.txt; exits 1 if they differ
       list_api.py ROOT --renew    writes api/polymux.txt

A line for each declaration that a user can name: with its scope, parameters, default arguments and
initialisers; without comments, bodies, friends, what is private and the namespace polymux::detail. In
the order of the headers, for that of members and enumerators matters.

It reads the text rather than what a compiler makes of it: the listing is the same with every compiler
and on every system, and needs none.
"""

import difflib
import re
import sys
from pathlib import Path

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|::|->|<=>|==|!=|<=|>=|&&|\|\||\|=|&=|\.\.\.|\S')
PAIRS = {"(": ")", "{": "}", "[": "]"}
# What a line reads better without a space before, or after.
CLOSING = {")", "]", ",", ";", "::", ">", "...", "."}
OPENING = {"(", "[", "::", "<", "~", "!", "."}
# What users have no name for.
INTERNAL = ("polymux::detail:", "polymux::detail::")
ENDS_OF_FUNCTION_HEADS = {")", "const", "noexcept", "override", "final", "&", "&&"}


class Unreadable(Exception):
    pass


def without_comments(text):
    token = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
    return token.sub(lambda found: " " if found.group().startswith("/") else found.group(), text)


def joined(tokens):
    text = ""
    last = ""
    for token, after in zip(tokens, [*tokens[1:], ""]):
        is_word_pair = re.match(r"\w", token) and re.match(r"[\w\"]", last[-1:] or " ")
        tight = token in CLOSING or last in OPENING or not text
        is_attribute = token == after == "["
        tight = tight or (token in {"(", "<", "{", "["} and not is_attribute and re.match(r"\w", last[-1:] or " "))
        tight = tight or (token == "(" and last.startswith("operator"))
        tight = tight or (token in {"&", "*", "&&"} and re.match(r"[\w>]", last[-1:] or " "))
        tight = tight or (last == "{" or token == "}")
        text += token if tight and not is_word_pair else " " + token
        last = token
    return text


class Reader:
    """One header: a list of tokens, and where in it we are."""

    def __init__(self, text):
        lines = re.sub(r"\\\n", " ", without_comments(text)).split("\n")
        self.macros = [found.group(1) for found in
                       (re.match(r"\s*#\s*define\s+(\w+(?:\([^)]*\))?)", line) for line in lines) if found]
        code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
        self.tokens = [token for token in TOKEN.findall(code) if token not in {"POLYMUX_API", "POLYMUX_HIDDEN"}]
        self.at = 0
        self.found = []

    def peek(self):
        if self.at >= len(self.tokens):
            raise Unreadable("the end comes too early")
        return self.tokens[self.at]

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def take_group(self):
        """A bracket and all that is in it."""
        opened = self.take()
        group = [opened]
        while self.peek() != PAIRS[opened]:
            group += self.take_group() if self.peek() in PAIRS else [self.take()]
        return group + [self.take()]

    def scope(self, path, access, is_named=True):
        """Declarations, up to the end of the scope or the text; `is_named` if a user can name it."""
        while self.at < len(self.tokens) and self.peek() != "}":
            if self.peek() in {"public", "protected", "private"}:
                access = self.take() if is_named else (self.take(), "private")[1]
                self.take()
            elif self.peek() == ";":
                self.take()
            else:
                self.declaration(path, access)

    def declaration(self, path, access):
        head = []
        while self.peek() not in {";", "{"}:
            if self.peek() == ":" and ")" in head:
                self.skip_initialisers()
                break
            head += self.take_group() if self.peek() in PAIRS else [self.take()]
        self.end_of_declaration(path, access, head)

    def end_of_declaration(self, path, access, head):
        plain = self.without_prefixes(head)
        if self.peek() == ";":
            self.take()
            is_announcement = plain[0] in {"class", "struct"}
            if not is_announcement:
                self.note(path, access, head)
        elif plain[0] == "namespace":
            self.inside("::".join(filter(None, [path, joined(plain[1:])])), "public")
        elif plain[0] == "enum" and "(" not in plain:
            self.note(path, access, head + self.take_group())
        elif plain[0] in {"class", "struct"} and "(" not in plain:
            self.class_body(path, access, head, plain)
        elif head[-1] in ENDS_OF_FUNCTION_HEADS and "concept" not in head:
            self.take_group()
            self.note(path, access, head)
        else:
            self.rest_of_value(path, access, head)

    def rest_of_value(self, path, access, head):
        """A variable or a concept, whose initialiser has braces."""
        while self.peek() != ";":
            head += self.take_group() if self.peek() in PAIRS else [self.take()]
        self.take()
        self.note(path, access, head)

    def class_body(self, path, access, head, plain):
        self.note(path, access, head)
        name = plain[1:]
        for end in ("final", ":"):
            if end in name:
                name = name[:name.index(end)]
        is_named = access != "private"
        inner = "public" if is_named and plain[0] == "struct" else "private"
        self.inside(f"{path}::{joined(name)}", inner, is_named)

    def inside(self, path, access, is_named=True):
        self.take()
        self.scope(path, access, is_named)
        self.take()

    def skip_initialisers(self):
        """Of a constructor, up to its body."""
        while True:
            while self.peek() not in {"(", "{"}:
                self.take()
            self.take_group()
            if self.peek() == "{":
                return

    def without_prefixes(self, head):
        """Without `template <...>`, attributes and `inline`: what is declared comes first then."""
        head = list(head)
        while head:
            if head[0] == "template":
                depth, end = 0, 1
                while True:
                    depth += {"<": 1, ">": -1}.get(head[end], 0)
                    end += 1
                    if depth == 0:
                        break
                head = head[end:]
            elif "[" in head[:2]:
                start = head.index("[")
                head = head[:start] + head[head.index("]") + 2:]
            elif head[0] == "inline":
                head = head[1:]
            else:
                return head
        raise Unreadable("a declaration of nothing")

    @staticmethod
    def with_operators_joined(head):
        """`operator ==` is one name."""
        if "operator" not in head:
            return head
        at = head.index("operator")
        end = head.index("(", at + 1)
        name = "operator" + "".join(head[at + 1:end])
        if re.match(r"\w", head[at + 1]):
            name = "operator " + joined(head[at + 1:end])
        return [*head[:at], name, *head[end:]]

    def note(self, path, access, head):
        if access not in {"public", "protected"} or not path:
            return
        head = self.with_operators_joined(head)
        words = set(head)
        if "friend" in words and not any(word.startswith("operator") for word in words):
            return
        mark = "protected " if access == "protected" else ""
        self.found.append(f"{path}: {mark}{joined(head)}")


def headers(root):
    """The public headers: name, as it is included, and file."""
    listing = (root / "core" / "CMakeLists.txt").read_text(encoding="utf-8")
    names = re.search(r"set\(polymux_public_headers\s+([^)]*)\)", listing).group(1).split()
    found = {name: root / "core" / name for name in names}
    found["version.hpp"] = root / "core" / "version" / "version.hpp.in"
    found["conformance.hpp"] = root / "tests" / "conformance" / "include" / "polymux" / "conformance.hpp"
    return sorted(found.items())


def list_header(name, text):
    reader = Reader(text)
    try:
        reader.scope("", "public")
    except (Unreadable, KeyError, IndexError, ValueError) as error:
        raise Unreadable(f"<polymux/{name}>, near '{' '.join(reader.tokens[max(0, reader.at - 12):reader.at])}': "
                         f"{error}") from error
    named = [line for line in reader.found if not line.startswith(INTERNAL)]
    return [f"#define {macro}" for macro in reader.macros] + named


def list_tree(root):
    lines = []
    for name, file in headers(root):
        found = list_header(name, file.read_text(encoding="utf-8"))
        if found:
            lines += [f"<polymux/{name}>"] + [f"  {line}" for line in found] + [""]
    return "\n".join(lines)


def check(root):
    listed = (root / "api" / "polymux.txt").read_text(encoding="utf-8").split("\n")
    changes = list(difflib.unified_diff(listed, list_tree(root).split("\n"), "api/polymux.txt", "the headers",
                                        lineterm="", n=0))
    if not changes:
        return 0
    print("\n".join(changes))
    print("\nThe public headers declare something else than api/polymux.txt lists. If that is meant, say in\n"
          "CHANGELOG.md what users have to do (CONTRIBUTING.md, \"Versions\"), and renew the listing:\n"
          "  api/list_api.py . --renew")
    return 1


def main(arguments):
    if len(arguments) not in {1, 2} or arguments[1:] not in ([], ["--check"], ["--renew"]):
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    root = Path(arguments[0])
    if arguments[1:] == ["--check"]:
        return check(root)
    if arguments[1:] == ["--renew"]:
        (root / "api" / "polymux.txt").write_text(list_tree(root), encoding="utf-8")
        return 0
    print(list_tree(root), end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Unreadable as problem:
        sys.exit(f"list_api.py cannot read {problem}")
