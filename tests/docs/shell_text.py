"""Blocks of the shell, taken apart: commands with the output shown, and simple commands with their words."""

import re
import shlex
from dataclasses import dataclass

from outcome import Wrong

PROMPT = "$ "
# Words that begin or end a loop, before the command that is in it.
KEYWORDS = {"do", "done", "then", "fi", "else", "!"}


@dataclass
class Step:
    """A line that is typed, with those that continue it, and what the page shows of its output."""
    command: str
    shown: str = ""

    @property
    def is_background(self):
        return self.command.rstrip().endswith("&") and not self.command.rstrip().endswith("&&")


def without_comment(line):
    """Without what follows a # that begins a word, outside quotation marks."""
    quote = ""
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at].rstrip()
    return line.rstrip()


def steps_of(block):
    """Of `sh`: each line is a command. Of `console`: those with a prompt, and the output below each."""
    steps, is_continued = [], False
    for line in block.text.rstrip("\n").split("\n"):
        if is_continued:
            steps[-1].command += "\n" + line
        elif block.language == "sh":
            line = without_comment(line)
            if line:
                steps.append(Step(line))
        elif line.startswith(PROMPT):
            line = without_comment(line[len(PROMPT):])
            steps.append(Step(line))
        elif not steps:
            raise Wrong(f"a block of console begins with '{PROMPT}' and a command")
        else:
            steps[-1].shown += line + "\n"
            continue
        is_continued = line.endswith("\\")
    return steps


def simple_commands(command):
    """The simple commands of a line: lists of words, without operators, loops and assignments."""
    text = command.replace("\\\n", " ")
    # What a command substitution runs is a command, too.
    for inner in re.findall(r"\$\(([^()]*)\)", text):
        yield from simple_commands(inner)
    text = re.sub(r"\$\([^()]*\)", "SUBSTITUTED", text)
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words = []
    for token in [*lexer, ";"]:
        if token and set(token) <= set("();<>|&"):
            if token in (">", "<", ">>"):
                continue
            if words and words[0] != "for":
                yield words
            words = []
        elif not words and (token in KEYWORDS or re.match(r"^\w+=", token)):
            continue
        else:
            words.append(token)
