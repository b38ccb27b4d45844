#!/usr/bin/env python3
"""Writes polymux(1): what --help says of each subcommand, in the frame of a template.

usage: make_man.py POLYMUX TEMPLATE OUTPUT

So the page cannot lack an option that the program has. In the template @VERSION@ stands for the version,
and @COMMANDS@ for the subcommands.
"""

import re
import subprocess
import sys
from pathlib import Path

# "  -c,--connections N=64       Connections that send requests"; the text may begin on the next line.
ENTRY = re.compile(r"^  (\S(?:.*?\S)?)(?:  +(\S.*))?$")


def help_of(polymux, *command):
    return subprocess.run([polymux, *command, "--help"], stdout=subprocess.PIPE, text=True, check=True,
                          timeout=30).stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in {".", "'"} else text


def sections(text):
    """The parts of a help: summary, then {title: lines}, then what follows them."""
    blocks = text.rstrip().split("\n\n")
    summary = blocks[0].split("\nUsage:")[0]
    titled, rest = {}, []
    for block in blocks[1:]:
        title, _, lines = block.partition("\n")
        if re.fullmatch(r"[A-Z]\w+:", title) and not rest:
            titled[title[:-1]] = lines.split("\n")
        else:
            rest.append(block)
    return summary, titled, rest


def entries(lines):
    """(name, text) of a list as CLI11 prints it."""
    found = []
    for line in lines:
        entry = ENTRY.match(line)
        if entry:
            found.append([entry.group(1), entry.group(2) or ""])
        elif found:
            found[-1][1] = f"{found[-1][1]} {line.strip()}".strip()
    return found


def subcommands(polymux):
    return [name for name, _ in entries(sections(help_of(polymux))[1]["Subcommands"])]


def page_of_command(polymux, name):
    summary, titled, rest = sections(help_of(polymux, name))
    page = [f".SS polymux {escaped(name)}", escaped(summary) + "."]
    for title in ("Positionals", "Options"):
        for option, text in entries(titled.get(title, [])):
            page += [".TP", f".B {escaped(option)}", escaped(text)]
    for block in rest:
        lines = block.split("\n")
        if any(line.startswith("  ") for line in lines):
            page += [".PP", ".nf", *(escaped(line) for line in lines), ".fi"]
        else:
            page += [".PP", *(escaped(line) for line in lines)]
    return page


def main(arguments):
    if len(arguments) != 3:
        sys.exit("usage: make_man.py POLYMUX TEMPLATE OUTPUT")
    polymux, template, output = arguments
    version = subprocess.run([polymux, "--version"], stdout=subprocess.PIPE, text=True, check=True,
                             timeout=30).stdout.split()[-1]
    pages = [line for name in subcommands(polymux) for line in page_of_command(polymux, name)]
    text = Path(template).read_text(encoding="utf-8")
    text = text.replace("@VERSION@", version).replace("@COMMANDS@", "\n".join(pages))
    Path(output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
