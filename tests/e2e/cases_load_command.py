"""`polymux load`: what it measures, what it finds wrong, and how it ends."""

import contextlib
import functools
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import e2e_support as e2e
from cases_proactor import forbid_io_uring

SCHEMA = Path(__file__).resolve().parents[2] / "docs/schemas/load.schema.json"


def listen(test):
    listener = socket.socket()
    test.addCleanup(listener.close)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def has_clients(address, count):
    """True if so many connections to that port of 127.0.0.1 are established."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        raise unittest.SkipTest("this system has no /proc/net/tcp to see the connections in")
    remote = f" 0100007F:{int(address.rsplit(':', 1)[1]):04X} 01 "
    return sum(remote in line for line in table.read_text().splitlines()) >= count


def bytes_in(server):
    """What a server with --stats-interval has received by its last line."""
    counted = re.findall(r" bytes_in=(\d+)", server.stderr())
    return int(counted[-1]) if counted else 0


class LoadCase(unittest.TestCase):
    # What `--io` is told; None says nothing.
    IO = None

    def setUp(self):
        if self.IO == "uring" and (reason := why_no_completions()):
            self.skipTest(reason)

    def start_load(self, address, *options, **more):
        way = ["--io", self.IO] if self.IO else []
        return e2e.Process(self, ["load", str(address), *way, *options], **more)

    def finish(self, process, seconds=60):
        """Exit code, stdout, stderr."""
        output, _ = process.process.communicate(timeout=seconds * e2e.SLOW)
        return process.wait(), output.decode(), process.stderr()

    def load(self, address, *options, code=0, **more):
        """The JSON of a run, which has to end with `code`."""
        actual, output, errors = self.finish(self.start_load(address, "--json", *options, **more))
        self.assertEqual(actual, code, errors)
        document = json.loads(output)
        said = [line.removeprefix("polymux: ") for line in errors.splitlines()]
        self.assertEqual(said, document["complaints"])
        self.check_sums(document)
        return document

    def check_sums(self, document):
        """What was asked was answered, or has failed; and each answer has its latency."""
        requests = document["requests"]
        self.assertEqual(requests["asked"],
                         requests["answered"] + sum(requests["failed"].values()))
        latency = document["latency_ns"]
        self.assertEqual(latency["count"] if latency else 0, requests["answered"])
        if latency:
            order = [latency[name] for name in ("min", "p50", "p90", "p99", "p99_9", "max")]
            self.assertEqual(order, sorted(order))


def backend():
    """That of the server, if it has one."""
    return ["--backend", e2e.BACKEND] if e2e.BACKEND else []


@functools.lru_cache(maxsize=None)
def why_no_completions():
    """Why `--io uring` cannot be used here; empty if it can."""
    # Nobody listens there.
    done = subprocess.run([e2e.POLYMUX, "load", "127.0.0.1:1", "--io", "uring", "-n", "1"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, text=True,
                          timeout=30 * e2e.SLOW)
    return done.stderr.strip() if "cannot be used here" in done.stderr else ""


def by_completions(case):
    """The tests of a class once more, each named for it, of a load that uses io_uring."""
    members = {name + "_by_completions" if name.startswith("test_") else name: member
               for name, member in vars(case).items() if not name.startswith("__")}
    return type(case.__name__ + "ByCompletions", (LoadCase,), {**members, "IO": "uring"})


class LoadOnEachBackend(LoadCase):
    """The same backend on both sides."""

    def test_load_answers_are_counted_and_right(self):
        server = e2e.Server(self)
        document = self.load(server.addresses[0], *backend(), "-n", "2000", "-c",
                             "20", "-t", "2", "--size", "1-4096", "--depth", "3", "--idle", "5")

        self.assertEqual(document["requests"]["answered"], 2000)
        self.assertEqual(document["bytes_sent"], document["bytes_received"])
        connections = document["connections"]
        self.assertEqual(connections["opened"], 25)
        self.assertEqual((connections["idle_opened"], connections["idle_kept"]), (5, 5))
        if e2e.BACKEND:
            self.assertEqual(document["asked_for"]["backend"], e2e.BACKEND)
        server.stop()

    def test_load_connects_for_each_request(self):
        server = e2e.Server(self)
        document = self.load(server.addresses[0], *backend(), "-n", "300", "-c", "4",
                             "--reconnect")

        self.assertEqual(document["requests"]["answered"], 300)
        self.assertEqual(document["connections"]["opened"], 300)
        server.stop()

    def test_load_open_loop_keeps_its_rate(self):
        server = e2e.Server(self)
        document = self.load(server.addresses[0], *backend(), "-d", "1", "-c", "4",
                             "-t", "2", "--rate", "500")

        # Due at 0, 2, 4 ... 998 ms; whoever ends a little late has one or more of later on.
        requests = document["requests"]
        self.assertEqual(requests["answered"] + requests["unsent"], requests["asked"])
        self.assertGreaterEqual(requests["asked"], 500)
        self.assertLess(requests["asked"], 500 + 500 * e2e.SLOW)
        server.stop()


class LoadByCompletionsOnEachBackend(LoadCase):
    """The backend tells the loop that there are completions."""

    IO = "uring"
    RUNS_ON_BACKENDS = True

    def test_load_by_completions_on_each_backend(self):
        server = e2e.Server(self)
        document = self.load(server.addresses[0], *backend(), "-n", "2000", "-c", "20", "-t", "2",
                             "--size", "1-4096", "--depth", "3", "--idle", "5")

        self.assertEqual(document["requests"]["answered"], 2000)
        self.assertEqual(document["bytes_sent"], document["bytes_received"])
        self.assertEqual(document["connections"]["idle_kept"], 5)
        self.assertEqual(document["asked_for"]["io"], "uring")
        server.stop()


class LoadAgainstSound(LoadCase):
    IO = "readiness"
    RUNS_ONCE = True

    def serve(self, *options):
        server = e2e.Process(self, ["serve", *options])
        return server.read_line().split()[2]

    def test_load_for_a_duration(self):
        start = time.monotonic()
        document = self.load(self.serve(), "-d", "0.5")

        self.assertGreaterEqual(time.monotonic() - start, 0.5)
        self.assertGreaterEqual(document["seconds"], 0.5)
        self.assertGreater(document["requests"]["answered"], 64)
        self.assertGreater(document["cpu_seconds"], 0)
        self.assertIsNone(document["asked_for"]["requests"])

    def test_load_greater_than_any_buffer(self):
        document = self.load(self.serve(), "-n", "6", "-c", "2", "--size", "8m")

        self.assertEqual(document["bytes_received"], 6 << 23)

    def test_load_long_answers_on_many_connections(self):
        # More at once than there is memory to receive into.
        document = self.load(self.serve(), "-n", "600", "-c", "200", "--size", "100000-200000",
                             "--timeout", "60")

        self.assertEqual(document["requests"]["answered"], 600)
        self.assertEqual(document["bytes_sent"], document["bytes_received"])

    def test_load_many_connections_that_begin_at_once(self):
        e2e.raise_descriptor_limit(4000)
        document = self.load(self.serve(), "-n", "9000", "-c", "3000", "-t", "2", "--idle", "500",
                             "--timeout", "60")

        self.assertEqual(document["requests"]["answered"], 9000)
        self.assertEqual(document["connections"]["opened"], 3500)
        self.assertEqual(document["connections"]["idle_kept"], 500)

    def test_load_pipelined_requests_are_answered_in_order(self):
        document = self.load(self.serve(), "-n", "5000", "-c", "3", "--size", "1-3000", "--depth",
                             "100", "--timeout", "60")

        self.assertEqual(document["requests"]["answered"], 5000)
        self.assertEqual(document["bytes_sent"], document["bytes_received"])

    def test_load_connects_for_each_request_of_many(self):
        document = self.load(self.serve(), "-n", "3000", "-c", "50", "--reconnect",
                             "--timeout", "60")

        self.assertEqual(document["requests"]["answered"], 3000)
        self.assertEqual(document["connections"]["opened"], 3000)

    def test_load_unix_socket(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = folder.name
        address = self.serve("--listen", f"unix:{path}/socket")
        document = self.load(address, "-n", "500", "-c", "50")

        self.assertEqual(document["asked_for"]["transport"], "unix")
        self.assertEqual(document["requests"]["answered"], 500)

    def test_load_ipv6_and_names(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        address = self.serve("--listen", "[::1]:0")
        self.assertEqual(self.load(address, "-n", "10", "-c", "2")["asked_for"]["address"], address)
        # Whichever of its addresses the server listens on.
        name = "localhost:" + self.serve().rsplit(":", 1)[1]
        self.assertEqual(self.load(name, "-n", "10", "-c", "2")["requests"]["answered"], 10)

    def test_load_orderly_end(self):
        document = self.load(self.serve(), "-n", "100", "-c", "2", "--reconnect", "--fin")
        self.assertEqual(document["requests"]["answered"], 100)

    def test_load_from_an_address(self):
        if not Path("/proc/sys/net/ipv4/ip_local_port_range").exists():
            self.skipTest("127.0.0.2 is an address by itself on Linux")
        listener = listen(self)
        process = self.start_load(f"127.0.0.1:{listener.getsockname()[1]}", "-c", "2", "-n", "2",
                                  "--source", "127.0.0.2", "--source", "127.0.0.3",
                                  "--timeout", "0.2")
        listener.settimeout(10 * e2e.SLOW)
        peers = set()
        for _ in range(2):
            client, peer = listener.accept()
            client.close()
            peers.add(peer[0])
        self.finish(process)
        self.assertEqual(peers, {"127.0.0.2", "127.0.0.3"})

    def test_load_raises_the_limit_of_descriptors(self):
        e2e.raise_descriptor_limit(1500)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        document = self.load(self.serve(), "-c", "10", "--idle", "1000", "-n", "100",
                             limits=[(resource.RLIMIT_NOFILE, (64, hard))])
        self.assertEqual(document["connections"]["idle_kept"], 1000)

    def test_load_says_which_limit_is_too_small(self):
        process = self.start_load(self.serve(), "-c", "1000",
                                  limits=[(resource.RLIMIT_NOFILE, (256, 256))])
        code, output, errors = self.finish(process)
        self.assertEqual((code, output), (1, ""))
        self.assertRegex(errors, r"\Apolymux: 1\d\d\d descriptors are needed, .* 256 .*ulimit[^\n]*\n")

    def test_load_ends_by_a_signal_with_its_report(self):
        for number in signal.SIGINT, signal.SIGTERM:
            server = e2e.Process(self, ["serve", "--stats-interval", "0.02"])
            process = self.start_load(server.read_line().split()[2], "-d", "60", "--json")
            # More than the byte with which each connection begins.
            e2e.eventually(self, lambda of=server: bytes_in(of) > 10_000, "requests are sent")
            process.signal(number)
            code, output, errors = self.finish(process)
            self.assertEqual((code, errors), (0, ""))
            document = json.loads(output)
            self.assertTrue(document["interrupted"])
            self.assertGreater(document["requests"]["answered"], 0)
            self.check_sums(document)

    def test_load_second_signal_waits_for_no_answer(self):
        listener = listen(self)
        process = self.start_load(f"127.0.0.1:{listener.getsockname()[1]}", "-c", "1", "-d", "60",
                                  "--timeout", "60", "--json")
        listener.settimeout(10 * e2e.SLOW)
        client, _ = listener.accept()
        with client:
            client.settimeout(10 * e2e.SLOW)
            client.sendall(e2e.upper(client.recv(1)))
            self.assertEqual(len(e2e.receive_exactly(client, 64)), 64)
            process.signal(signal.SIGINT)
            process.signal(signal.SIGINT)
            # Two that come together may be told once.
            deadline = e2e.deadline_in(10)
            while process.process.poll() is None and e2e.left_until(deadline) > 0:
                process.signal(signal.SIGTERM)
                time.sleep(0.01)
        code, output, errors = self.finish(process)
        self.assertEqual(code, 1, errors)
        document = json.loads(output)
        self.assertEqual(document["requests"]["failed"]["abandoned"], 1)
        self.assertEqual(document["complaints"], ["nothing was answered"])

    def test_load_shows_progress_on_a_terminal_alone(self):
        code, output, errors = self.finish(self.start_load(self.serve(), "-d", "1.2"))
        self.assertEqual((code, errors), (0, ""))
        self.assertRegex(output, r"a second\n")

        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        process = subprocess.Popen([e2e.POLYMUX, "load", self.serve(), "-d", "1.5"],
                                       stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.wait(timeout=30 * e2e.SLOW), 0)
        shown = b""
        while select.select([ours], [], [], 0)[0]:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # the other side is closed, and all is read
                break
        self.assertRegex(shown.decode(), r"\r1 s  [\d,]+ answers/s .* 64 open\x1b\[K")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)

    def test_load_json_against_its_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)

        address = self.serve()
        documents = [self.load(address, "-n", "100"),
                     self.load(address, "-d", "0.2", "--rate", "100", "--size", "1-2k",
                               "--idle", "3")]
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            documents.append(self.load(f"127.0.0.1:{port}", "-n", "5", code=1))
        for document in documents:
            validator.validate(document)

        # And a schema that takes everything would be none.
        for spoil in (lambda d: d.pop("seconds"), lambda d: d["requests"].pop("unsent"),
                      lambda d: d.update(extra=1), lambda d: d.update(form=2),
                      lambda d: d["latency_ns"].update(p50=-1),
                      lambda d: d["requests"]["failed"].update(nonsense=0),
                      lambda d: d["asked_for"].update(transport="carrier pigeon")):
            wrong = json.loads(json.dumps(documents[0]))
            spoil(wrong)
            self.assertFalse(validator.is_valid(wrong))


class Bad:
    """A server of these tests: `serve(connection)` is called in a thread for each client."""

    def __init__(self, test, serve):
        self.listener = listen(test)
        self.serve = serve
        self.clients = []
        test.addCleanup(self.end)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.clients.append(client)
                threading.Thread(target=self.attend, args=[client], daemon=True).start()

    def attend(self, client):
        with contextlib.suppress(OSError), client:
            self.serve(client)

    def end(self):
        # Not close alone: on Linux, whoever is in accept(2) would stay there.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)


def answer_rightly(client, count):
    """Answers `count` bytes."""
    while count > 0 and (data := client.recv(min(count, 1 << 16))):
        client.sendall(e2e.upper(data))
        count -= len(data)


def serve_rightly(client):
    answer_rightly(client, 1 << 60)


class LoadAgainstBad(LoadCase):
    IO = "readiness"
    RUNS_ONCE = True

    def test_load_finds_one_wrong_byte(self):
        is_spoilt = threading.Event()

        def serve(client):
            answer_rightly(client, 1 + 50 * 64)
            data = bytearray(e2e.upper(client.recv(64)))
            if not is_spoilt.is_set() and len(data) == 64:
                is_spoilt.set()
                data[17] ^= 1
            client.sendall(data)
            serve_rightly(client)

        document = self.load(Bad(self, serve).address, "-n", "2000", "-c", "2", code=1)

        self.assertEqual(document["requests"]["failed"]["wrong"], 1)
        self.assertEqual(document["requests"]["answered"], 1999)
        self.assertEqual(document["connections"]["lost"]["wrong"], 1)
        wrong = document["first_wrong"]
        self.assertEqual(wrong["position"], 1 + 50 * 64 + 17)
        self.assertEqual(wrong["got"], wrong["expected"] ^ 1)
        self.assertIn("1 request was answered wrongly", document["complaints"])

    def test_load_finds_what_is_not_in_upper_case(self):
        def serve(client):
            while data := client.recv(1 << 16):
                client.sendall(data)

        document = self.load(Bad(self, serve).address, "-n", "100", "-c", "2", "--timeout", "2",
                             code=1)
        failed = sum(document[where][what]["wrong"] for where, what in
                     (("requests", "failed"), ("connections", "failed")))
        self.assertGreater(failed, 0)

    def test_load_finds_a_byte_too_many(self):
        surplus = [b"x"]

        def serve(client):
            answer_rightly(client, 1 + 64)
            if surplus:
                client.sendall(surplus.pop())
            serve_rightly(client)

        document = self.load(Bad(self, serve).address, "-n", "10", "-c", "1", "--rate", "20",
                             code=1)
        self.assertEqual(document["connections"]["lost"]["wrong"], 1)

    def test_load_finds_answers_of_another_connection(self):
        # What comes is an answer, but not to what was asked here.
        first = []
        lock = threading.Lock()

        def serve(client):
            answer_rightly(client, 1)
            data = e2e.receive_exactly(client, 64)
            with lock:
                first.append(data)
            client.sendall(e2e.upper(first[0]))
            serve_rightly(client)

        document = self.load(Bad(self, serve).address, "-n", "20", "-c", "2", code=1)
        self.assertEqual(document["requests"]["failed"]["wrong"], 1)

    def test_load_against_one_that_closes_early(self):
        def serve(client):
            answer_rightly(client, 1 + 10 * 64 + 32)

        document = self.load(Bad(self, serve).address, "-n", "200", "-c", "2", code=1)

        failed = document["requests"]["failed"]
        self.assertGreaterEqual(failed["closed"] + failed["reset"], 10)
        self.assertGreater(document["requests"]["answered"], 100)
        self.assertRegex(document["complaints"][0], "lost when the server (closed|reset)")

    def test_load_against_one_that_never_answers(self):
        def serve(client):
            while client.recv(1 << 16):
                pass

        start = time.monotonic()
        document = self.load(Bad(self, serve).address, "-d", "60", "-c", "3", "--timeout", "0.3",
                             code=1)

        self.assertEqual(document["connections"]["failed"]["timed_out"], 3)
        self.assertIn("nothing was answered", document["complaints"])
        self.assertLess(time.monotonic() - start, 10 * e2e.SLOW)

    def test_load_against_one_that_answers_no_more(self):
        def serve(client):
            answer_rightly(client, 1 + 5 * 64)
            while client.recv(1 << 16):
                pass

        document = self.load(Bad(self, serve).address, "-d", "1", "-c", "2", "--timeout", "0.3",
                             code=1)
        self.assertGreaterEqual(document["requests"]["failed"]["timed_out"], 2)
        self.assertGreaterEqual(document["requests"]["answered"], 10)

    def test_load_of_so_many_requests_gives_up_on_the_dead(self):
        server = Bad(self, lambda client: answer_rightly(client, 1 + 5 * 64))
        process = self.start_load(server.address, "-n", "1000000", "-c", "1", "--timeout", "0.2",
                                  "--json")
        e2e.eventually(self, lambda: len(server.clients) > 1, "a second connection")
        server.end()

        code, output, errors = self.finish(process, 20)
        self.assertEqual(code, 1)
        self.assertIn("for nothing was answered any more", errors)
        self.assertGreater(json.loads(output)["connections"]["failed"]["refused"], 0)

    def test_load_against_one_that_reads_nothing(self):
        # The time-out comes while the kernel still has most of a request to send.
        servers = []

        def serve(client):
            answer_rightly(client, 1)
            servers.append(client)
            is_over.wait(60 * e2e.SLOW)

        is_over = threading.Event()
        self.addCleanup(is_over.set)
        document = self.load(Bad(self, serve).address, "-n", "2", "-c", "2", "--size", "32m",
                             "--timeout", "0.3", code=1)
        self.assertEqual(document["requests"]["failed"]["timed_out"], 2)
        self.assertEqual(document["connections"]["lost"]["timed_out"], 2)
        self.assertLess(document["bytes_sent"], 2 * 32 << 20)
        # And whoever reads now sees that it was given up.
        servers[0].settimeout(10 * e2e.SLOW)
        with self.assertRaises(ConnectionResetError):
            while servers[0].recv(1 << 20):
                pass

    def test_load_where_nobody_listens(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{nobody.getsockname()[1]}"
            for options in ([], ["--reconnect"]):
                document = self.load(address, "-n", "10", "-c", "2", "--timeout", "0.2", *options,
                                     code=1)
                self.assertGreaterEqual(document["connections"]["failed"]["refused"], 2)
                self.assertIn("nothing was answered", document["complaints"])

    def test_load_connects_again_when_the_server_comes_back(self):
        process = e2e.Process(self, ["serve"])
        address = process.read_line().split()[2]
        load = self.start_load(address, "-d", "60", "-c", "4", "--json")
        e2e.eventually(self, lambda: has_clients(address, 4), "4 clients")
        process.signal(signal.SIGKILL)
        process.wait()

        self.again = None

        def listens_again():
            # The kernel may hold the listener of a killed process for a moment.
            self.again = e2e.Process(self, ["serve", "--listen", address])
            return self.again.first_line() != ""

        e2e.eventually(self, listens_again, "the port can be had again")
        e2e.eventually(self, lambda: has_clients(address, 4), "4 clients again")
        load.signal(signal.SIGINT)
        code, output, _ = self.finish(load)

        document = json.loads(output)
        self.assertEqual(code, 1)
        lost = document["connections"]["lost"]
        self.assertEqual(lost["closed"] + lost["reset"], 4)
        self.assertEqual(document["connections"]["opened"], 8)
        self.check_sums(document)

    def test_load_open_loop_counts_what_had_to_wait(self):
        # A server that stands still for half a second, once. In a closed loop one request of a
        # connection sees that; in an open one each that was due meanwhile does.
        pause = 0.5

        def make_server():
            has_paused = threading.Event()

            def serve(client):
                answer_rightly(client, 1 + 20 * 64)
                data = client.recv(1 << 16)
                if not has_paused.is_set():
                    has_paused.set()
                    time.sleep(pause)
                client.sendall(e2e.upper(data))
                serve_rightly(client)

            return Bad(self, serve).address

        closed = self.load(make_server(), "-c", "1", "-n", "400")["latency_ns"]
        opened = self.load(make_server(), "-c", "1", "-n", "400", "--rate", "400")["latency_ns"]

        nanoseconds = pause * 1e9
        for latency in closed, opened:
            self.assertGreaterEqual(latency["max"], nanoseconds)
        # 1 of 400 is above the 99th percentile; half of 400 were due in that half second.
        self.assertLess(closed["p99"], nanoseconds / 2)
        self.assertGreater(opened["p90"], nanoseconds * 0.7)
        self.assertGreater(opened["mean"], nanoseconds / 8)

    def test_load_open_loop_of_too_high_a_rate_is_no_failure(self):
        # Each request is answered in time; but there are more than one connection can have.
        def serve(client):
            answer_rightly(client, 1)
            while data := e2e.receive_exactly(client, 64):
                time.sleep(0.005)
                client.sendall(e2e.upper(data))

        document = self.load(Bad(self, serve).address, "-c", "1", "-d", "0.5", "--rate", "5000",
                             "--timeout", "0.5")
        requests = document["requests"]
        self.assertGreaterEqual(requests["asked"] + requests["unsent"], 2500)
        self.assertGreater(requests["unsent"], 1000)
        self.assertEqual(requests["answered"], requests["asked"])

    def test_load_open_loop_says_what_was_never_sent(self):
        def serve(client):
            answer_rightly(client, 1 + 10 * 64)
            while client.recv(1 << 16):
                pass

        document = self.load(Bad(self, serve).address, "-c", "1", "-d", "0.5", "--rate", "1000",
                             "--timeout", "0.3", code=1)
        requests = document["requests"]
        self.assertGreater(requests["unsent"], 0)
        self.assertGreaterEqual(requests["asked"] + requests["unsent"], 500)


LoadAgainstSoundByCompletions = by_completions(LoadAgainstSound)
LoadAgainstBadByCompletions = by_completions(LoadAgainstBad)


class DatagramServer:
    """Answers datagrams; `answers(data)` gives those to send."""

    def __init__(self, test, answers):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.answers = answers
        self.is_over = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        test.addCleanup(self.end)
        self.thread.start()

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(1 << 16)
            if self.is_over:
                return
            for answer in self.answers(data):
                self.socket.sendto(answer, peer)

    def end(self):
        self.is_over = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self.socket.getsockname())
        self.thread.join(10)
        self.socket.close()


class LoadDatagrams(LoadCase):
    RUNS_ONCE = True

    def load_udp(self, answers, *options, **more):
        return self.load(DatagramServer(self, answers).address, "--udp", *options, **more)

    def test_load_udp(self):
        document = self.load_udp(lambda data: [e2e.upper(data)], "-n", "500", "-c", "2", "--depth",
                                 "3", "--size", "8-1400")
        self.assertEqual(document["requests"]["answered"], 500)
        self.assertEqual(document["asked_for"]["transport"], "udp")

    def test_load_udp_counts_losses_and_goes_on(self):
        count = iter(range(1 << 30))

        def answers(data):
            return [] if next(count) % 10 == 3 else [e2e.upper(data)]

        document = self.load_udp(answers, "-n", "200", "-c", "4", "--timeout", "0.2")
        self.assertEqual(document["requests"]["failed"]["timed_out"], 20)
        self.assertEqual(document["requests"]["answered"], 180)

    def test_load_udp_of_nothing_but_losses_fails(self):
        document = self.load_udp(lambda data: [], "-n", "8", "-c", "4", "--timeout", "0.1", code=1)
        self.assertEqual(document["complaints"][0], "nothing was answered")

    def test_load_udp_that_is_wrong(self):
        def answers(data):
            return [e2e.upper(data)[:-1] + b"?"]

        document = self.load_udp(answers, "-n", "50", "-c", "1", code=1)
        self.assertGreater(document["requests"]["failed"]["wrong"], 40)

    def test_load_udp_twice_and_stray(self):
        document = self.load_udp(lambda data: [e2e.upper(data)] * 2 + [b"nobody asked for this"],
                                 "-n", "50", "-c", "1", code=1)
        self.assertEqual(document["requests"]["answered"], 50)
        self.assertGreater(document["requests"]["late"], 40)
        self.assertGreater(document["requests"]["strays"], 40)

    def test_load_udp_where_nobody_listens(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        document = self.load(f"127.0.0.1:{port}", "--udp", "-n", "4", "-c", "2", "--timeout",
                             "0.2", code=1)
        self.assertIn("nothing was answered", document["complaints"])


class LoadUsage(LoadCase):
    RUNS_ONCE = True

    def test_load_wrong_usage(self):
        for arguments, said in (
                ([], ["target"]), (["nonsense"], ["'nonsense'", "no port"]),
                (["127.0.0.1:0"], ["port 0"]), (["127.0.0.1:1", "extra"], ["extra"]),
                (["127.0.0.1:1", "--nope"], ["--nope"]),
                (["127.0.0.1:1", "--size", "0"], ["--size", "'0'"]),
                (["127.0.0.1:1", "--size", "9-8"], ["--size", "'9-8'"]),
                (["127.0.0.1:1", "-c", "x"], ["--connections", "'x'"]),
                (["127.0.0.1:1", "-c", "0"], ["--connections 0", "--idle"]),
                (["127.0.0.1:1", "-c", "0", "--idle", "1", "-n", "1"], ["--requests"]),
                (["127.0.0.1:1", "-t", "0"], ["--threads"]),
                (["127.0.0.1:1", "-n", "0"], ["--requests"]),
                (["127.0.0.1:1", "-d", "0"], ["--duration"]),
                (["127.0.0.1:1", "--rate", "0"], ["--rate"]),
                (["127.0.0.1:1", "--depth", "0"], ["--depth"]),
                (["127.0.0.1:1", "--timeout", "0"], ["--timeout"]),
                (["127.0.0.1:1", "--backend", "nope"], ["'nope'", "available here"]),
                (["127.0.0.1:1", "--source", "nope"], ["--source", "'nope'"]),
                (["127.0.0.1:1", "--source", "::1"], ["--source", "family"]),
                (["127.0.0.1:1", "--udp", "--reconnect"], ["--udp", "--reconnect"]),
                (["127.0.0.1:1", "--depth", "2", "--reconnect"], ["--depth", "--reconnect"]),
                (["127.0.0.1:1", "--udp", "--size", "7"], ["--size", "8 to 65507"]),
                (["127.0.0.1:1", "--udp", "--size", "64k"], ["--size", "8 to 65507"]),
                (["127.0.0.1:1", "--udp", "--idle", "1"], ["--idle"]),
                (["127.0.0.1:1", "--io", "nope"], ["--io", "nope"]),
                (["127.0.0.1:1", "--io", "uring", "--udp"], ["--io uring", "--udp"]),
                (["unix:/x", "--udp"], ["--udp", "HOST:PORT"])):
            with self.subTest(arguments=arguments):
                process = e2e.Process(self, ["load", *arguments])
                code, output, errors = self.finish(process)
                self.assertEqual((code, output), (2, ""), errors)
                self.assertRegex(errors, r"\Apolymux: [^\n]+\n\Z")
                for text in said:
                    self.assertIn(text, errors)

    def test_load_without_io_uring(self):
        if not sys.platform.startswith("linux"):
            self.skipTest("elsewhere there is no io_uring that could be forbidden")
        server = e2e.Process(self, ["serve"])
        address = server.read_line().split()[2]

        document = self.load(address, "-n", "100", prepare=forbid_io_uring)
        self.assertEqual(document["asked_for"]["io"], "readiness")
        process = self.start_load(address, "-n", "100", "--io", "uring", prepare=forbid_io_uring)
        code, output, errors = self.finish(process)
        self.assertEqual((code, output), (2, ""))
        self.assertRegex(errors, r"\Apolymux: --io uring cannot be used here: [^\n]+\n\Z")

    def test_load_help(self):
        code, text, errors = self.finish(e2e.Process(self, ["load", "--help"]))
        self.assertEqual((code, errors), (0, ""))
        for word in ("--connections", "--rate", "coordinated omission", "--timeout", "Exit code", "--io",
                     "ip_local_port_range"):
            self.assertIn(word, text)

    def test_load_stdout_that_takes_nothing(self):
        server = e2e.Process(self, ["serve"])
        address = server.read_line().split()[2]
        reader, writer = os.pipe()
        os.close(reader)
        try:
            done = subprocess.run([e2e.POLYMUX, "load", address, "-n", "1"], stdout=writer,
                                      stderr=subprocess.PIPE, check=False,
                                      timeout=30 * e2e.SLOW)
        finally:
            os.close(writer)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(re.fullmatch(rb"polymux: cannot write to stdout: [^\n]+\n", done.stderr))
