"""What the end-to-end cases share: a server that is started and ended, clients, and measures.

Nothing here sleeps to wait for something: each wait ends with the event or with a deadline.
"""

import contextlib
import ctypes
import os
import random
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

UPPER = bytes(c - 32 if 97 <= c <= 122 else c for c in range(256))

# Set by run_case.py.
POLYMUX = ""
BACKEND = ""
#: What `--model` is given; none if empty. Its name and one of its ways: `proactor/simulated`.
MODEL = ""
SLOW = 1.0
SANITIZED = False

#: What a model is given so that it can serve as many clients at once as the cases have.
MODEL_OPTIONS = {"thread-pool": ["--threads", "320"], "process-pool": ["--processes", "64"],
                 "multi-reactor": ["--threads", "3"], "reactor-workers": ["--threads", "3"],
                 "prefork-reactor": ["--processes", "3"]}

#: The option that chooses a way of a model.
WAY_OPTIONS = {"proactor": "--proactor", "multi-reactor": "--balance"}

#: Cases that a model cannot be held to, and why.
_ONE_AT_A_TIME = "serves one client at a time, and the case needs several at once"
_AS_MANY_AS_WORKERS = "serves as many clients at once as it has workers, and the case needs more"
_OWN_DESCRIPTORS = "has processes with descriptors of their own for its clients"
_NO_METRICS = dict.fromkeys(
    ("metrics_agree_with_what_clients_counted", "metrics_of_those_who_are_let_go_and_held_up"),
    "refuses --metrics: it forks")
NOT_FOR_MODEL = {
    "prefork-reactor": {"64_descriptors_and_150_clients": _OWN_DESCRIPTORS},
    "busy-poll": dict.fromkeys(
        ("200_idle_clients_cost_no_cpu", "a_drain_does_not_spin",
         "who_half_closes_and_never_reads_costs_no_cpu"),
        "uses all the CPU that there is, and the case measures that a server does not"),
    "fork": {
        "64_descriptors_and_150_clients": _OWN_DESCRIPTORS,
        **_NO_METRICS,
    },
    "iterative": {
        **dict.fromkeys((
            "1500_clients_at_once", "200_idle_clients_cost_no_cpu", "300_clients_at_once",
            "500_busy_clients_with_a_short_signal_queue", "64_descriptors_and_150_clients",
            "a_flood_starves_nobody", "load_answers_are_counted_and_right",
            "load_connects_for_each_request", "load_open_loop_keeps_its_rate",
            "sigterm_lets_idle_clients_go", "stop_and_continue",
            "who_never_reads_costs_others_nothing"), _ONE_AT_A_TIME),
        "most_connections": "refuses --max-connections: those beyond one wait",
        "sigterm_serves_who_was_not_yet_accepted":
            "lets each go after 100 ms of silence, and 100 of them have no time for that",
    },
    "process-pool": {
        **dict.fromkeys(("1500_clients_at_once", "200_idle_clients_cost_no_cpu",
                         "300_clients_at_once", "500_busy_clients_with_a_short_signal_queue"),
                        _AS_MANY_AS_WORKERS),
        "64_descriptors_and_150_clients": _OWN_DESCRIPTORS,
        **_NO_METRICS,
    },
    "proactor/aio": {"1500_clients_at_once": "holds a thread for each client, of 512 at most"},
    "thread-pool": dict.fromkeys(
        ("1500_clients_at_once", "500_busy_clients_with_a_short_signal_queue"), _AS_MANY_AS_WORKERS),
}


def deadline_in(seconds):
    return time.monotonic() + seconds * SLOW


def left_until(deadline):
    return max(0.0, deadline - time.monotonic())


def upper(data):
    return data.translate(UPPER)


def random_bytes(count, seed=1):
    return random.Random(seed).randbytes(count)


def raise_descriptor_limit(wanted):
    """Lets this process, and the servers it starts, open `wanted` descriptors; else skips."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise unittest.SkipTest(f"{wanted} descriptors are needed, {hard} are allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def die_with_parent():
    """For the child: a runner that is killed leaves no server behind (prctl(2), Linux alone)."""
    with contextlib.suppress(AttributeError, OSError):
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Process:
    """A started `polymux`, which does not outlive its test."""

    def __init__(self, test, arguments, environment=None, limits=(), program=None,
                 prepare=die_with_parent, pass_fds=()):
        self.test = test
        self.errors = tempfile.TemporaryFile()
        test.addCleanup(self.errors.close)

        def before_exec():
            prepare()
            for name, value in limits:
                resource.setrlimit(name, value)

        self.process = subprocess.Popen(
            [program or POLYMUX, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, env={**os.environ, **(environment or {})}, preexec_fn=before_exec,
            pass_fds=pass_fds)
        test.addCleanup(self._end)

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=10):
        """The exit code; fails the test if the process goes on."""
        try:
            return self.process.wait(timeout=seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.test.fail(f"still running after {seconds * SLOW:.1f} s; stderr: {self.stderr()}")

    def first_line(self, seconds=10):
        """A line of stdout; what there is of it if the output ends or the time is over."""
        deadline = deadline_in(seconds)
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], left_until(deadline))
            byte = os.read(self.process.stdout.fileno(), 1) if ready else b""
            if not byte:
                break
            line += byte
        return line.decode()

    def read_line(self, seconds=10):
        line = self.first_line(seconds)
        if not line.endswith("\n"):
            self.test.fail(f"no line on stdout, but {line!r}; stderr: {self.stderr()}")
        return line.rstrip("\n")

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


def model_arguments(model):
    """What chooses a model, and its way if that is said too."""
    name, _, way = model.partition("/")
    return (["--model", name] if name else []) + ([WAY_OPTIONS[name], way] if way else [])


def serve_arguments(workers=None):
    """The model and the backend under test; `workers` instead of what the model is given else."""
    backend = ["--backend", BACKEND] if BACKEND else []
    more = MODEL_OPTIONS.get(MODEL, []) if workers is None else workers
    return ["serve", *backend, *model_arguments(MODEL), *more]


class Server(Process):
    """`polymux serve` on the backend under test; `ports` are those that it printed."""

    def __init__(self, test, *options, listen=("127.0.0.1:0",), lines=None, workers=None, **more):
        arguments = [*serve_arguments(workers), *options]
        for address in listen:
            arguments += ["--listen", address]
        super().__init__(test, arguments, **more)
        self.addresses = []
        for _ in range(lines or len(listen)):
            line = self.read_line()
            found = re.fullmatch(r"listening on (\S+) model=\S+(?: backend=(\S+))?", line)
            test.assertIsNotNone(found, line)
            if MODEL or BACKEND:
                test.assertEqual(found.group(2) or "", BACKEND)
            self.addresses.append(found.group(1))

    @property
    def port(self):
        return int(self.addresses[0].rsplit(":", 1)[1])

    def connect(self, receive_buffer=None):
        """A client; closed at the end of the test."""
        client = socket.socket()
        self.test.addCleanup(client.close)
        client.settimeout(10 * SLOW)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(("127.0.0.1", self.port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def serves(self):
        """True if a new client gets its answer."""
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", self.port), timeout=5 * SLOW) as client:
            client.sendall(b"hello")
            return receive_exactly(client, 5) == b"HELLO"
        return False

    def stop(self, expect_silence=True):
        """SIGTERM; the server ends with 0 and has complained of nothing."""
        self.signal(signal.SIGTERM)
        self.test.assertEqual(self.wait(), 0, self.stderr())
        if expect_silence:
            self.test.assertEqual(self.stderr(), "")


# Measures of another process. Linux has them in /proc.

def need_proc():
    if not Path("/proc/self/stat").exists():
        raise unittest.SkipTest("this system has no /proc to measure the server with")


def stat_of(pid):
    """The fields of proc_pid_stat(5) after the name; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(pid):
    return stat_of(pid)[:1] not in ([], ["Z"])


def processes_below(pid):
    """Those that it has started, and those that they have."""
    parents = {int(entry): stat_of(entry)[1:2] for entry in os.listdir("/proc") if entry.isdigit()}
    below, rest = [], [pid]
    while rest:
        parent = rest.pop()
        found = [child for child, of in parents.items() if of == [str(parent)]]
        below += found
        rest += found
    return below


def zombies_below(pid):
    return [child for child in processes_below(pid) if stat_of(child)[:1] == ["Z"]]


def cpu_seconds(pid):
    """Of a process and those below it."""
    ticks = 0
    for each in [pid, *processes_below(pid)]:
        ticks += sum(int(field) for field in stat_of(each)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptor_count(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def never_sleeps():
    """True of a model for which there is nothing to measure of that."""
    return MODEL == "busy-poll"


def expect_idle(test, server, seconds=1.0, share=0.05):
    """The server uses no CPU to speak of while this measures."""
    if never_sleeps():
        return
    before, start = cpu_seconds(server.pid), time.monotonic()
    time.sleep(seconds)
    used, elapsed = cpu_seconds(server.pid) - before, time.monotonic() - start
    test.assertLess(used, share * elapsed * SLOW,
                    f"{used:.2f} s of CPU in {elapsed:.2f} s with nothing to do")


def eventually(test, condition, what, seconds=10):
    """Asks again and again, with a deadline."""
    deadline = deadline_in(seconds)
    while not condition():
        if time.monotonic() > deadline:
            test.fail(f"not within {seconds * SLOW:.1f} s: {what}")
        select.select([], [], [], 0.01)


# Clients.

def receive_exactly(client, count):
    """`count` bytes, or fewer if the server ends the connection."""
    data = bytearray()
    while len(data) < count:
        piece = client.recv(min(1 << 18, count - len(data)))
        if not piece:
            break
        data += piece
    return bytes(data)


def receive_to_end(client):
    data = bytearray()
    while piece := client.recv(1 << 18):
        data += piece
    return bytes(data)


def round_trip(client, data):
    client.sendall(data)
    return receive_exactly(client, len(data))


class Stream:
    """Bytes without end, of which any piece can be had and any answer be judged."""

    def __init__(self, seed=1):
        # Of a length that no buffer has, so that a piece that is lost or doubled does not fit.
        block = random_bytes(1_000_003, seed)
        self._length = len(block)
        self._twice = block * 2
        self._answer = upper(block)

    def piece(self, at, count):
        """At most `count` bytes from `at` on."""
        start = at % self._length
        return self._twice[start:start + count]

    def is_answered_by(self, answer):
        """True if `answer` is what comes back for as many bytes from the start."""
        whole, rest = divmod(len(answer), self._length)
        return answer == self._answer * whole + self._answer[:rest]


def send_until_stuck(client, stream, patience=0.3, most=1 << 27):
    """Sends while it goes and nobody reads the answers; returns how much that was.

    A kernel may let a socket hold some 40 MiB (tcp_rmem and tcp_wmem of tcp(7)) before it is stuck.
    """
    sent = 0
    while sent < most:
        _, writable, _ = select.select([], [client], [], patience * SLOW)
        if not writable:
            break
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sent += client.send(stream.piece(sent, min(1 << 18, most - sent)))
        client.settimeout(10 * SLOW)
    return sent


def send_and_half_close(client, stream, start, end):
    """Sends what the stream has in [start, end), and then no more."""
    while start < end:
        piece = stream.piece(start, min(1 << 18, end - start))
        client.sendall(piece)
        start += len(piece)
    client.shutdown(socket.SHUT_WR)


def close_with_reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class Background(threading.Thread):
    """Runs a function meanwhile; `result` waits for it and raises what it raised."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self._function, self._arguments = function, arguments
        self._result = self._error = None
        self.start()

    def run(self):
        try:
            self._result = self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001 (handed to the caller)
            self._error = error

    def result(self, seconds=15):
        self.join(seconds * SLOW)
        if self.is_alive():
            raise AssertionError(f"still busy after {seconds * SLOW:.1f} s")
        if self._error is not None:
            raise self._error
        return self._result


def send_all_and_half_close(client, data):
    client.sendall(data)
    client.shutdown(socket.SHUT_WR)
