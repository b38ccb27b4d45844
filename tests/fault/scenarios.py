"""What is done to a server, and how it is judged. One cell of the matrix is one server."""

import errno
import os
import random
import resource
import signal
import unittest
from pathlib import Path

import clients
import documented_errors as table
import e2e_support as e2e
import tracing

# Calls that say nothing of the connection they are made for.
_NAMES_NOBODY = {"mmap", "munmap", "mremap", "mprotect", "brk", "madvise", "socket", "epoll_create1",
                 "eventfd2", "signalfd4", "pipe2"}

# The words of core/poller/error.cpp for codes of the kernel. EEXIST of a number that is not known is
# taken for a leftover, which is changed instead; and that says what is wrong.
_OTHER_WORDS = {"EBADF": "not an open descriptor", "EEXIST": "not registered",
                "ENOENT": "not registered", "EPERM": "no readiness", "ENOMEM": "memory"}

# Far less than a server that spins uses, and more than a tick of the measure.
_MOST_CPU_SHARE = 0.3


# Has the C library ask the kernel for memory, and give it back, as often as it can (mallopt(3)).
MEMORY_FROM_KERNEL = {"MALLOC_MMAP_THRESHOLD_": "4096", "MALLOC_TOP_PAD_": "0",
                      "MALLOC_TRIM_THRESHOLD_": "0"}


def serve(backend=None):
    """The words of the server under test."""
    return ["serve", "--backend", backend or e2e.BACKEND, *e2e.model_arguments(e2e.MODEL)]


class Server(e2e.Process):
    """`polymux serve` that strace may attach to."""

    def __init__(self, test, *options, limits=(), backend=None):
        super().__init__(test, [*serve(backend), *options],
                         limits=limits, environment=MEMORY_FROM_KERNEL, prepare=tracing.allow_tracing)
        self.port = int(self.read_line().split()[2].rsplit(":", 1)[1])

    def is_alive(self):
        return self.process.poll() is None


class Cell(unittest.TestCase):
    """One run with one fault: the pieces that the scenarios are made of."""

    def __init__(self, folder):
        super().__init__()
        self.path = Path(folder) / "strace.log"
        self.injection = None

    def runTest(self):  # noqa: N802 (unittest wants it)
        pass

    def inject(self, server, calls, faults):
        self.injection = tracing.Injection(self, server.pid, self.path, calls, faults)

    def was_told(self, kind, calls):
        """For clients: how long to wait for one that an error was injected into."""
        if kind != table.TOLD:
            return clients.nobody_was_told
        # A number that was not closed, for the injected call was not made, is silent for good.
        silence = 0.2 if "close" in calls else 3.0

        def ask(port):
            is_told = self.injection is not None and port in self.injection.log.told()
            return silence if is_told else None

        return ask

    def expect_no_spin(self, server, seconds=0.1):
        if not server.is_alive():
            return
        before = tracing.cpu_seconds(server.pid)
        tracing.pause(seconds)
        used = tracing.cpu_seconds(server.pid) - before
        self.assertLess(used, _MOST_CPU_SHARE * seconds * e2e.SLOW,
                        f"{used * 1000:.0f} ms of CPU in {seconds * 1000:.0f} ms with nothing to do: "
                        f"it spins")

    def judge(self, all_clients, kind, calls):
        """Fails for a byte that is lost or altered without a reason; says how it went else."""
        told = self.injection.log.told()
        cut = refused = 0
        for client in all_clients:
            is_told = client.port in told or bool(calls & _NAMES_NOBODY)
            if client.outcome == clients.COMPLETE:
                continue
            if client.outcome == clients.CUT and kind == table.REFUSED and client.received == 0:
                refused += 1
            elif client.outcome == clients.CUT and kind == table.TOLD and is_told:
                cut += 1
            elif client.outcome == clients.STUCK and "close" in calls:
                cut += 1
            else:
                self.fail(f"client {client.port} ({'told' if is_told else 'not told'} of an error): "
                          f"{client.outcome}, {client.why}")
        if cut:
            return f"{cut} of {len(all_clients)} closed"
        return f"{refused} of {len(all_clients)} refused" if refused else "survived"

    def expect_recovery(self, server, descriptors, calls):
        """The fault is over: all is as it was before, and the server ends in peace."""
        leaked = len(self.injection.log.injected()) if "close" in calls else 0
        self.injection.end()
        self.assertTrue(server.is_alive(), f"has ended with {server.process.poll()}: "
                                           f"{server.stderr()}")
        for client in clients.load(server.port, heavy=False):
            self.assertEqual(client.outcome, clients.COMPLETE,
                             f"after the fault: {client.why}; stderr: {server.stderr()}")
        e2e.eventually(self, lambda: e2e.descriptor_count(server.pid) <= descriptors + leaked,
                       "closes the descriptors of those who have gone")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0, server.stderr())

    def expect_end(self, server, error):
        self.assertEqual(server.wait(), 1, server.stderr())
        self.expect_named(server.stderr(), error)

    def expect_named(self, text, error):
        wanted = {os.strerror(getattr(errno, error)), _OTHER_WORDS.get(error, "\0")}
        self.assertTrue(any(word.lower() in text.lower() for word in wanted),
                        f"does not say that it was {error}: {text!r}")

    def expect_injected(self):
        count = len(self.injection.log.injected())
        if count == 0:
            raise NotReached
        return count


class NotReached(Exception):
    """The call was not made as often as the schedule wanted."""


class Result:
    """One cell as it came out."""

    def __init__(self, phase, call, error, when, *, outcome="", count=0, failure="", skipped=""):
        self.phase, self.call, self.error, self.when = phase, call, error, when
        self.outcome, self.count, self.failure, self.skipped = outcome, count, failure, skipped

    def line(self):
        verdict = "FAILED" if self.failure else self.outcome or f"skipped: {self.skipped}"
        return (f"{e2e.MODEL or e2e.BACKEND:9} {self.phase:10} {self.call:15} {self.error:16} {self.when:8} "
                f"{self.count:5}  {verdict}")


def run_cell(folder, phase, call, error, when, body):
    """Runs a scenario; `body(cell)` returns the outcome and how many faults were injected."""
    cell = Cell(folder)
    try:
        outcome, count = body(cell)
        return Result(phase, call, error, when, outcome=outcome, count=count)
    except NotReached:
        return Result(phase, call, error, when, skipped="the call was not made so often")
    except AssertionError as failure:
        return Result(phase, call, error, when, failure=str(failure))
    finally:
        cell.doCleanups()


# The phases.

SERVER_OPTIONS = ("--stats-interval", "0.02", "--max-buffer", "16384")


def record(folder):
    """The life of a server, with a load, traced from its start to its end."""
    cell = Cell(folder)
    try:
        path = cell.path
        path.unlink(missing_ok=True)
        traced = e2e.Process(cell, ["-f", "-yy", "-o", str(path), e2e.POLYMUX, *serve(),
                                    *SERVER_OPTIONS], program=tracing.STRACE,
                             environment=MEMORY_FROM_KERNEL)
        port = int(traced.read_line(30).split()[2].rsplit(":", 1)[1])
        log = tracing.Log(path)
        pid = int(log.lines()[0].split()[0])
        served = clients.load(port)
        talking = [clients.Client(port, _talk_on, clients.nobody_was_told) for _ in range(3)]
        e2e.eventually(cell, lambda: all(client.received for client in talking), "clients talk")
        os.kill(pid, signal.SIGTERM)
        cell.assertEqual(traced.wait(), 0, traced.stderr())
        for client in served:
            cell.assertEqual(client.outcome, clients.COMPLETE, client.why)
        return tracing.Recording(log.lines())
    finally:
        cell.doCleanups()


def record_exhaustion(folder):
    """The calls of a server that runs out of descriptors."""
    cell = Cell(folder)
    try:
        server = _exhaustible(cell)
        cell.inject(server, set(), [])
        _exhaust(cell, server)
        lines = cell.injection.log.lines()
        return {name for name in map(tracing.call_of, lines) if name}
    finally:
        cell.doCleanups()


def _talk_on(client):
    """Talks until the server drains: slowly enough to be in the midst of it."""
    for _ in range(12):
        client.round_trip(2000)
        tracing.pause(0.01)
    client.finish()


def serving(folder, calls, options, kind, error, when, label=None, phase="serving"):
    """A fault that comes and goes while the server serves."""
    calls = set(calls)

    def body(cell):
        server = Server(cell, *SERVER_OPTIONS)
        descriptors = e2e.descriptor_count(server.pid)
        cell.inject(server, _spelt(calls) | {"accept4"}, options)
        everyone = clients.load(server.port, cell.was_told(kind, calls))
        if kind == table.ENDS:
            count = cell.expect_injected()
            cell.expect_end(server, error)
            return "ended with a message", count
        outcome = cell.judge(everyone, kind, calls)
        cell.expect_no_spin(server)
        count = cell.expect_injected()
        cell.expect_recovery(server, descriptors, calls)
        return outcome, count

    return run_cell(folder, phase, label or "+".join(sorted(calls)), error, when, body)


def lasting(folder, call, error):
    """A fault that holds for a while, with clients who wait: no spin, and then all goes on."""

    def body(cell):
        server = Server(cell, *SERVER_OPTIONS)
        descriptors = e2e.descriptor_count(server.pid)
        before = clients.Client(server.port, clients.talk_shortly, clients.nobody_was_told)
        before.join()
        cell.inject(server, _spelt({call}) | {"accept4"}, inject({call}, error, "1+"))
        kind = table.REFUSED if error in ("EMFILE", "ENFILE") else table.TOLD
        waiting = [clients.Client(server.port, clients.talk_shortly, cell.was_told(kind, {call}))
                   for _ in range(4)]
        expect_met(cell, call)
        cell.expect_no_spin(server, 0.4)
        count = cell.expect_injected()
        cell.assertLess(count, 400, f"tried {count} times: it spins")
        cell.injection.end()
        for client in waiting:
            client.join()
        outcome = cell.judge(waiting, kind, {call})
        cell.expect_recovery(server, descriptors, {call})
        return outcome, count

    return run_cell(folder, "lasting", call, error, "1+", body)


def expect_met(cell, call):
    """Waits for the first fault. Whether memory is asked of the kernel is the C library's choice."""
    deadline = e2e.deadline_in(0.5 if call in _NAMES_NOBODY else 10)
    while not cell.injection.log.injected():
        if e2e.left_until(deadline) <= 0:
            raise NotReached
        tracing.pause(0.01)


def ending(folder, call, kind, error, when):
    """A fault while the server drains: whoever is there gets his answers, and it ends with 0."""

    def body(cell):
        server = Server(cell)
        talking = [clients.Client(server.port, _talk_on, cell.was_told(kind, {call}))
                   for _ in range(3)]
        e2e.eventually(cell, lambda: all(client.received for client in talking), "clients talk")
        cell.inject(server, _spelt({call}), inject({call}, error, when))
        server.signal(signal.SIGTERM)
        for client in talking:
            client.join()
        # A wake-up that could not be written is lost; the next signal finds both.
        is_wake_lost = call == "write" and error != "EINTR"
        if is_wake_lost:
            cell.injection.end()
            if server.is_alive():
                server.signal(signal.SIGTERM)
        code = server.wait()
        count = cell.expect_injected()
        if kind == table.ENDS:
            cell.assertEqual(code, 1, server.stderr())
            cell.expect_named(server.stderr(), error)
            return "ended with a message", count
        cell.assertEqual(code, 0, server.stderr())
        return cell.judge(talking, kind, {call}), count

    return run_cell(folder, "ending", call, error, when, body)


_FEW_DESCRIPTORS = 20
_MANY_CLIENTS = 24


def _exhaustible(cell):
    limit = (resource.RLIMIT_NOFILE, (_FEW_DESCRIPTORS, _FEW_DESCRIPTORS))
    return Server(cell, limits=[limit])


def _exhaust(cell, server):
    """More clients than descriptors: each is answered or refused, and none is left hanging."""
    crowd = [clients.Client(server.port, _stay_a_while, clients.nobody_was_told)
             for _ in range(_MANY_CLIENTS)]
    for client in crowd:
        client.join()
    return crowd


def _stay_a_while(client):
    client.round_trip(5)
    tracing.pause(0.15)
    client.finish()


def exhaustion(folder, call, kind, error, when):
    """A fault on top of a real want of descriptors."""

    def body(cell):
        server = _exhaustible(cell)
        descriptors = e2e.descriptor_count(server.pid)
        cell.inject(server, _spelt({call}) | {"accept4"}, inject({call}, error, when))
        crowd = _exhaust(cell, server)
        cell.expect_no_spin(server)
        count = cell.expect_injected()
        outcome = cell.judge(crowd, table.REFUSED, {call})
        cell.expect_recovery(server, descriptors, {call})
        return outcome, count

    return run_cell(folder, "exhaustion", call, error, when, body)


def starting(folder, call, error, number):
    """A fault while the server starts: it says what, with exit code 1, or it does without."""
    when = str(number)

    def body(cell):
        path = cell.path
        path.unlink(missing_ok=True)
        prefix = tracing.options(_spelt({call}), inject({call}, error, when))
        traced = e2e.Process(cell, [*prefix[1:], "-o", str(path), e2e.POLYMUX, *serve(),
                                    *SERVER_OPTIONS], program=tracing.STRACE,
                             environment=MEMORY_FROM_KERNEL)
        cell.injection = _Ended(tracing.Log(path))
        line = traced.first_line()
        if not line.startswith("listening on "):
            code = traced.wait()
            count = cell.expect_injected()
            said = traced.stderr()
            cell.assertEqual(code, 1, f"stdout {line!r}, stderr {said!r}")
            cell.assertEqual(len(said.splitlines()), 1, said)
            cell.assertTrue(said.startswith("polymux: "), said)
            cell.expect_named(said, error)
            return "refused at start", count
        port = int(line.split()[2].rsplit(":", 1)[1])
        pid = int(cell.injection.log.lines()[0].split()[0])
        for client in clients.load(port, heavy=False):
            cell.assertEqual(client.outcome, clients.COMPLETE, client.why)
        os.kill(pid, signal.SIGTERM)
        cell.assertEqual(traced.wait(), 0, traced.stderr())
        return "survived", cell.expect_injected()

    return run_cell(folder, "starting", call, error, when, body)


class _Ended:
    """The log of a strace that started its process."""

    def __init__(self, log):
        self.log = log


def at_random(folder, seed, called):
    """Several faults at once, at random."""
    chance = random.Random(seed)
    candidates = sorted(name for name in called
                        if any(kind in (table.LOSSLESS, table.TOLD) and error not in table.MISTAKES
                              for kind, error in table.CALLS[name].errors())
                        and name not in ("close", "mmap", "brk", "munmap", "mremap", "mprotect"))
    calls = chance.sample(candidates, min(len(candidates), chance.randint(2, 4)))
    options, kinds, said = [], set(), []
    for call in calls:
        kind, error = chance.choice([pair for pair in table.CALLS[call].errors()
                                     if pair[0] in (table.LOSSLESS, table.TOLD)
                                     and pair[1] not in table.MISTAKES])
        when = f"{chance.randint(1, 12)}+{chance.randint(3, 17)}"
        options += inject({call}, error, when)
        kinds.add(kind)
        said.append(f"{call}:{error}:{when}")
    kind = table.TOLD if table.TOLD in kinds else table.LOSSLESS
    result = serving(folder, calls, options, kind, "at random", f"seed {seed}", phase="random")
    result.detail = " ".join(said)
    return result


def _spelt(calls):
    """All spellings of these calls that this strace may know: it refuses those of other systems."""
    return {spelling for name in calls for spelling in SPELLINGS.get(name, {name})}


# From the name of a row to how this kernel spells it; filled from the recording.
SPELLINGS = {}


def inject(calls, error, when):
    """Options for strace that make each of these calls fail."""
    return [f"{','.join(sorted(_spelt({call})))}:{_answer(call, error)}:when={when}"
            for call in sorted(calls)]


def _answer(call, error):
    # It has no error of its own: it answers where the break is, and did not move it (brk(2), NOTES).
    return "retval=0" if call == "brk" else f"error={error}"
