"""The programs polymux_bench_<peer>: what they offer, and how they are run, plainly or under a tool
that counts."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

# One program and one of its variants: what a column of a table is.
Subject = namedtuple("Subject", "peer variant program version")

PREFIX = "polymux_bench_"
# The clients are no peer.
NOT_PEERS = {"clients"}


class Failed(Exception):
    """A program did not do what it was asked for."""


def name_of(subject):
    return subject.peer + "/" + subject.variant


class Programs:
    """Every peer that was built, by workload."""

    def __init__(self, folder):
        self.versions = {}
        self.workloads = {}
        paths = sorted(path for path in Path(folder).resolve().glob(PREFIX + "*") if os.access(path, os.X_OK))
        for path in paths:
            if path.name[len(PREFIX):] in NOT_PEERS:
                continue
            offer = json.loads(run_bounded([str(path), "list"], 20).stdout)
            self.versions[offer["peer"]] = offer["version"]
            for workload, variants in offer["workloads"].items():
                for variant in variants:
                    self.workloads.setdefault(workload, []).append(
                        Subject(offer["peer"], variant, str(path), offer["version"]))
        if not self.workloads:
            raise Failed("%s has no %s* to run; build them with -DPOLYMUX_BUILD_BENCH=ON"
                         % (folder, PREFIX))

    def subjects(self, workload, wanted=None):
        """Those that can do it, and match the regular expression."""
        return [subject for subject in self.workloads.get(workload, [])
                if wanted is None or re.search(wanted, name_of(subject))]


def run_bounded(command, seconds):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=seconds, check=True)
    except subprocess.TimeoutExpired:
        raise Failed("%s: not done after %d s" % (" ".join(command), seconds))
    except subprocess.CalledProcessError as error:
        raise Failed("%s: exit code %d: %s"
                     % (" ".join(command), error.returncode, error.stderr.strip()[-500:]))


def words_of(subject, workload, parameters):
    return ([subject.program, workload, "variant=" + subject.variant]
            + ["%s=%d" % pair for pair in sorted(parameters.items())])


def result_of(process):
    """The line of JSON, looked at."""
    lines = [line for line in process.stdout.splitlines() if line.startswith("{")]
    if len(lines) != 1:
        raise Failed("no line of JSON, or several: %r" % process.stdout[-300:])
    result = json.loads(lines[0])
    for key in ("peer", "variant", "workload", "parameters", "units", "seconds", "cpu_seconds",
                "heap_bytes"):
        if key not in result:
            raise Failed("the line of JSON has no '%s': %s" % (key, lines[0]))
    if result["units"] <= 0:
        raise Failed("no unit of work was done: %s" % lines[0])
    return result


def run_plain(subject, workload, parameters, seconds=60):
    return result_of(run_bounded(words_of(subject, workload, parameters), seconds))


def has_tool(name):
    return shutil.which(name) is not None


def count_instructions(subject, workload, parameters, seconds=90):
    """Instructions in user space of the program and its libraries, all threads, and the result. What
    another program does that it starts (the clients) is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.%p")
        process = run_bounded(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out]
                              + words_of(subject, workload, parameters), seconds)
        result = result_of(process)
        # A fork that has not yet become the clients leaves a file as well, a small one.
        totals = []
        for path in Path(folder).iterdir():
            found = re.findall(r"^(?:summary|totals): (\d+)", path.read_text(), re.M)
            totals += [int(number) for number in found]
        if not totals:
            raise Failed("valgrind has counted nothing for %s" % name_of(subject))
        return {"instructions": max(totals)}, result["units"]


STRACE_LINE = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", re.M)


def count_system_calls(subject, workload, parameters, has_threads, seconds=90):
    """System calls by name, and the result. Without threads only the program itself is traced, so
    that the clients are not counted."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "strace.txt")
        command = ["strace", "-c", "-o", out] + (["-f"] if has_threads else [])
        process = run_bounded(command + words_of(subject, workload, parameters), seconds)
        calls = {}
        for count, name in STRACE_LINE.findall(Path(out).read_text()):
            if name != "total":
                calls[name] = int(count)
        if not calls:
            raise Failed("strace has counted nothing for %s" % name_of(subject))
        return calls, result_of(process)["units"]


def per_unit(less, more, units=None):
    """What one unit takes: the difference of two runs, each (counts by name, units)."""
    difference = units or more[1] - less[1]
    names = sorted(set(less[0]) | set(more[0]))
    return {name: (more[0].get(name, 0) - less[0].get(name, 0)) / difference for name in names}
