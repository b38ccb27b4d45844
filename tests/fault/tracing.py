"""strace: what a process calls, and what is injected into it."""

import contextlib
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import e2e_support as e2e

STRACE = shutil.which("strace")

_CALL = re.compile(r"^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed>)")
_PEER = re.compile(r"->(?:127\.0\.0\.1):(\d+)\]")
# The first thing that the program itself does, as opposed to the loader and the C library: it maps
# a page that is wiped in a child.
_FIRST_OF_PROGRAM = "MADV_WIPEONFORK"


def options(calls=(), inject=()):
    """Options for strace: names of peers, threads too, one line a call."""
    chosen = [STRACE, "-f", "-yy", "-s", "0"]
    if calls:
        chosen += ["-e", "trace=" + ",".join(sorted(calls)), "-e", "signal=none"]
    for one in inject:
        chosen += ["-e", "inject=" + one]
    return chosen


def call_of(line):
    """The name of the system call that a line tells of, or None."""
    found = _CALL.match(line)
    return None if found is None or "resumed>" in line[:40] else found.group(1)


class Log:
    """What strace wrote. It flushes each line before the traced process goes on."""

    def __init__(self, path):
        self.path = Path(path)

    def lines(self):
        with contextlib.suppress(FileNotFoundError):
            return self.path.read_text(errors="replace").splitlines()
        return []

    def injected(self):
        return [line for line in self.lines() if "(INJECTED)" in line]

    def told(self):
        """The ports of the clients whose connections an injected error was about."""
        return {int(port) for line in self.injected() for port in _PEER.findall(line)}


class Injection:
    """strace attached to a running process; `end` makes the fault pass."""

    def __init__(self, test, pid, path, calls=(), inject=()):
        self.log = Log(path)
        self.log.path.unlink(missing_ok=True)
        self._strace = subprocess.Popen(
            [*options(calls, inject), "-o", str(path), "-p", str(pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            preexec_fn=e2e.die_with_parent)
        test.addCleanup(self.end)
        test.addCleanup(self._strace.stderr.close)
        deadline = e2e.deadline_in(10)
        said = b""
        while b"attached" not in said:
            ready, _, _ = select.select([self._strace.stderr], [], [], e2e.left_until(deadline))
            piece = self._strace.stderr.read1(4096) if ready else b""
            if not piece:
                test.fail(f"strace does not attach: {said.decode(errors='replace')}")
            said += piece

    def end(self):
        if self._strace.poll() is None:
            self._strace.send_signal(signal.SIGINT)
            try:
                self._strace.wait(timeout=10 * e2e.SLOW)
            except subprocess.TimeoutExpired:
                self._strace.kill()
                self._strace.wait()


def why_impossible(folder):
    """Why nothing can be traced here; empty if it can."""
    if STRACE is None:
        return "strace is not installed"
    sleeper = subprocess.Popen(["sleep", "60"], preexec_fn=allow_tracing)
    path = Path(folder) / "probe.strace"
    try:
        strace = subprocess.Popen(
            [*options({"getpid"}, {"getpid:error=EPERM"}), "-o", str(path), "-p", str(sleeper.pid)],
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        said = strace.stderr.readline().decode(errors="replace").strip()
        if strace.poll() is None:
            strace.send_signal(signal.SIGINT)
        said += strace.communicate(timeout=30)[1].decode(errors="replace").strip()
        return "" if "attached" in said else f"strace cannot trace here: {said}"
    finally:
        sleeper.kill()
        sleeper.wait()
        path.unlink(missing_ok=True)


def allow_tracing():
    """For the child: strace, which is no ancestor, may attach under Yama (prctl(2))."""
    e2e.die_with_parent()
    with contextlib.suppress(AttributeError, OSError):
        pr_set_ptracer, anybody = 0x59616D61, -1
        e2e.ctypes.CDLL(None).prctl(pr_set_ptracer, anybody)


class Recording:
    """Every system call of a server, from its start to its end."""

    def __init__(self, lines):
        #: Of the whole life, up to the line in which a phase begins.
        self.start, self.serving, self.ending = [], [], []
        self.loader = []
        own = next((index for index, line in enumerate(lines) if _FIRST_OF_PROGRAM in line), None)
        if own is None:
            raise AssertionError("the program's first call is not found; see tracing.py")
        phase = self.start
        for index, line in enumerate(lines):
            if "--- SIGTERM" in line:
                phase = self.ending
            name = call_of(line)
            if name is None:
                continue
            # The page is mapped by the call before.
            (self.loader if index < own - 1 else phase).append(name)
            if name == "write" and phase is self.start and "(1<" in line:
                phase = self.serving

    def occurrences(self, name):
        """The numbers, by strace's count from 1, of the program's own calls while it starts."""
        before = self.loader.count(name)
        return range(before + 1, before + self.start.count(name) + 1)


def cpu_seconds(pid):
    """The processor time of a process, finer than /proc/PID/stat has it."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def pause(seconds):
    """For measuring what happens in a while; never to wait for something."""
    time.sleep(seconds)
