"""Blocks of the shell: run as they stand where they are marked so, otherwise each command is checked."""

import os
import shutil

import commands
from outcome import Outcome, Wrong
from processes import Background, run
from shell_text import simple_commands, steps_of

# What the shell does itself.
BUILTIN = {"cd", "kill", "printf", "echo", "true"}


def check(test, block):
    steps = steps_of(block)
    if "run" in block.marks or "server" in block.marks:
        return run_steps(test, block, steps)
    for step in steps:
        if step.shown:
            raise Wrong(f"'{step.shown.splitlines()[0]}' is shown as output: mark the block with `run`")
    checked = [commands.check(test, words) for step in steps for words in simple_commands(step.command)]
    return Outcome("checked", "; ".join(dict.fromkeys(filter(None, checked))))


def is_there(test, program):
    return program in BUILTIN or shutil.which(program, path=test.environment["PATH"])


def run_steps(test, block, steps):
    words = [words for step in steps for words in simple_commands(step.command)]
    absent = [program for program, *_ in words if "/" not in program and not is_there(test, program)]
    if absent:
        return Outcome("excused", f"there is no {absent[0]} on this machine")
    server = None
    if "server" in block.marks:
        server = start_server(test, block.marks["server"])
    said = ""
    for step in steps:
        said = run_step(test, step, "numbers" in block.marks, server if "log" in block.marks else None)
    test.last_output = said
    if server:
        end(server)
    return Outcome("run", f"{len(steps)} commands" if len(steps) != 1 else "1 command")


def start_server(test, options):
    server = Background([test.polymux, "serve", *options.split()], test.work, test.environment)
    test.clean_up(server)
    address = server.first_line().split()[2]
    test.places.values["PORT"] = address.rpartition(":")[2]
    test.places.values["PID"] = server.process.pid
    return server


def end(background):
    status, _ = background.end()
    if status != 0:
        raise Wrong(f"{background.name} ends with {status}: {background.log()}")


def run_step(test, step, numbers, server):
    command = test.places.put(step.command)
    if step.is_background:
        said = start(test, command)
    else:
        before = server.log() if server else ""
        status, said = run_in_shell(test, command)
        if status != 0:
            raise Wrong(f"'{command}' ends with {status}:\n{said}")
        if server:
            said = test.wait_for(lambda: server.log()[len(before):], step.shown.count("\n"))
    wrong = test.differs(step.shown, said, numbers) if step.shown else ""
    if wrong:
        raise Wrong(f"{step.command}: {wrong}; all of it:\n{said}")
    return said


def start(test, command):
    """What is started in the background ends with the page. Its first line says that it runs."""
    background = Background(["sh", "-c", "exec " + command.rstrip().rstrip("&")], test.folder, test.environment)
    test.clean_up(background)
    return background.first_line()


def run_in_shell(test, command):
    """As if typed: where `cd` has gone stays for the next."""
    note = test.work / "folder"
    script = f"{command}\nstatus=$?; pwd >'{note}'; exit $status"
    status, said = run(["sh", "-c", script], test.folder, test.environment)
    if note.exists():
        test.folder = type(test.folder)(note.read_text(encoding="utf-8").rstrip(os.linesep))
    return status, said
