"""What `polymux serve --metrics` tells, and what it costs."""

import contextlib
import http.client
import os
import re
import signal
import socket
import struct
import tempfile
import time
import unittest
from pathlib import Path

import e2e_support as e2e


def metrics_address(server):
    """Host and port, as the server has said before it said where it listens."""
    found = re.search(r"^polymux: metrics at http://([^:]+):(\d+)/metrics$", server.stderr(),
                      re.MULTILINE)
    server.test.assertIsNotNone(found, server.stderr())
    return found.group(1), int(found.group(2))


def request(server, method="GET", path="/metrics"):
    """Status, headers and body."""
    connection = http.client.HTTPConnection(*metrics_address(server), timeout=10 * e2e.SLOW)
    with contextlib.closing(connection):
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()


def parse(text):
    """Samples by name and labels; each has its family's TYPE before it."""
    samples, family, kind = {}, "", ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name == family, line
        else:
            name, value = re.fullmatch(r"([a-z_]+(?:\{[a-z]+=\"[^\"]+\"\})?) (\S+)", line).groups()
            bare = name.split("{")[0]
            suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            assert bare in [family + suffix for suffix in suffixes], line
            assert name not in samples, line
            samples[name] = float(value)
    return samples


def scrape(server):
    status, headers, body = request(server)
    server.test.assertEqual(status, 200)
    server.test.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
    return parse(body)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class Metrics(unittest.TestCase):
    """On each backend and by each model."""

    def serve(self, *options, **more):
        return e2e.Server(self, "--metrics", "127.0.0.1:0", *options, **more)

    def expect(self, server, **wanted):
        """Samples come to have these values, exactly."""
        wanted = {f"polymux_{name}": value for name, value in wanted.items()}
        found = {}

        def is_so():
            found.update(scrape(server))
            return all(found[name] == value for name, value in wanted.items())
        try:
            e2e.eventually(self, is_so, "the figures")
        except AssertionError:
            self.assertEqual({name: found.get(name) for name in wanted}, wanted)

    def end(self, server):
        server.stop(expect_silence=False)
        self.assertEqual(len(server.stderr().splitlines()), 1, server.stderr())

    def test_metrics_agree_with_what_clients_counted(self):
        server = self.serve()
        moved = 0
        for number in range(20):
            with server.connect() as client:
                data = e2e.random_bytes(1 + 997 * number, seed=number)
                self.assertEqual(e2e.round_trip(client, data), e2e.upper(data))
                moved += len(data)
        last = server.connect()
        self.assertEqual(e2e.round_trip(last, b"a"), b"A")

        self.expect(server, connections=1, connections_accepted_total=21,
                    connections_closed_total=20, received_bytes_total=moved + 1,
                    sent_bytes_total=moved + 1, accept_errors_total=0, idle_timeouts_total=0,
                    resets_total=0, **{'connections_refused_total{reason="limit"}': 0,
                                       'connections_refused_total{reason="descriptors"}': 0})
        reset(last)
        self.expect(server, connections=0, resets_total=1, connections_closed_total=21)
        self.end(server)

    def test_metrics_of_those_who_are_let_go_and_held_up(self):
        server = self.serve("--idle-timeout", str(0.2 * e2e.SLOW))
        idle = server.connect()
        self.assertEqual(e2e.receive_to_end(idle), b"")
        self.expect(server, idle_timeouts_total=1, connections=0, backpressure_total=0)
        self.end(server)

        server = self.serve()
        stuck = server.connect(receive_buffer=8192)
        e2e.send_until_stuck(stuck, e2e.Stream())

        e2e.eventually(self, lambda: scrape(server)["polymux_backpressure_total"] >= 1,
                       "one who takes no answers")
        reset(stuck)
        self.end(server)


class Loops(unittest.TestCase):
    """On each backend: what only loops have."""

    RUNS_ON_BACKENDS = True

    def test_metrics_of_the_loop(self):
        server = e2e.Server(self, "--metrics", "127.0.0.1:0")
        client = server.connect()
        for _ in range(100):
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")

        first = scrape(server)
        self.assertGreaterEqual(first["polymux_loop_wait_events_sum"], 101)
        self.assertGreaterEqual(first['polymux_loop_wait_events_bucket{le="1"}'], 100)
        for family in "polymux_loop_wait_events", "polymux_loop_turn_seconds":
            buckets = [value for name, value in first.items() if name.startswith(family + "_b")]
            self.assertEqual(buckets, sorted(buckets))
            self.assertEqual(buckets[-1], first[family + "_count"])

        # All that the loop did between two answers, accepting and reading the request included.
        costs = []
        for _ in range(30):
            again = scrape(server)
            costs.append(again["polymux_loop_turn_seconds_sum"] -
                         first["polymux_loop_turn_seconds_sum"])
            first = again
        self.assertGreater(min(costs), 0)
        self.assertLess(min(costs), 0.001 * e2e.SLOW)
        server.stop(expect_silence=False)


class MetricsOnce(unittest.TestCase):
    RUNS_ONCE = True

    def serve(self, *options, **more):
        return e2e.Server(self, "--metrics", "127.0.0.1:0", *options, **more)

    def expect_refusal(self, code, arguments, *said):
        process = e2e.Process(self, ["serve", *arguments])
        self.assertEqual(process.wait(), code, process.stderr())
        self.assertRegex(process.stderr(), r"\Apolymux: [^\n]+\n\Z")
        for text in said:
            self.assertIn(text, process.stderr())

    def test_metrics_of_those_who_are_refused(self):
        for options in (["--model", "reactor"], ["--model", "multi-reactor", "--threads", "2"],
                        ["--model", "prefork-reactor", "--processes", "2"], ["--model", "thread"]):
            with self.subTest(options=options):
                server = self.serve(*options, "--max-connections", "2")
                kept = [server.connect() for _ in range(2)]
                for client in kept:
                    self.assertEqual(e2e.round_trip(client, b"a"), b"A")
                for client in [server.connect() for _ in range(5)]:
                    with contextlib.suppress(ConnectionResetError):
                        self.assertEqual(client.recv(1), b"")

                found = scrape(server)
                self.assertEqual(found['polymux_connections_refused_total{reason="limit"}'], 5)
                self.assertEqual(found["polymux_connections"], 2)
                self.assertEqual(found["polymux_connections_accepted_total"], 2)
                server.stop(expect_silence=False)

    def test_metrics_agree_with_the_load_tool(self):
        server = self.serve()
        load = e2e.Process(self, ["load", f"127.0.0.1:{server.port}", "-c", "16", "-n", "20000",
                                  "--json"])
        during = 0
        while load.process.poll() is None:
            scrape(server)
            during += 1
        self.assertEqual(load.wait(60), 0, load.stderr())
        self.assertGreater(during, 0)

        def is_counted():
            found = scrape(server)
            return (found["polymux_connections"] == 0 and
                    found["polymux_received_bytes_total"] == found["polymux_sent_bytes_total"] and
                    found["polymux_connections_accepted_total"] == 16)
        e2e.eventually(self, is_counted, "what the load was")
        server.stop(expect_silence=False)

    def test_metrics_who_asks_for_what_is_not_there(self):
        server = self.serve()
        self.assertEqual(request(server, path="/")[0], 404)
        self.assertEqual(request(server, path="/metrics/")[0], 404)
        status, headers, _ = request(server, method="POST")
        self.assertEqual((status, headers["Allow"]), (405, "GET"))
        self.assertEqual(self.raw(server, b"\x16\x03\x01nonsense\n").split()[1], b"400")
        self.assertEqual(self.raw(server, b"GET /metrics HTTP/1.1\r\nA: " + b"x" * 100_000)
                         .split()[1], b"431")
        self.assertEqual(scrape(server)["polymux_connections_accepted_total"], 0)
        server.stop(expect_silence=False)

    def raw(self, server, data):
        with socket.create_connection(metrics_address(server), timeout=10 * e2e.SLOW) as client:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(data)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                answer = client.recv(1 << 16)
            return answer

    def test_metrics_slow_and_many_hold_up_nobody(self):
        server = self.serve()
        address = metrics_address(server)
        slow = [socket.create_connection(address, timeout=20 * e2e.SLOW) for _ in range(60)]
        for client in slow:
            self.addCleanup(client.close)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                client.sendall(b"GET /metr")

        self.assertTrue(server.serves())
        start = time.monotonic()
        for client in slow:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(client.recv(1), b"")
        self.assertLess(time.monotonic() - start, 8 * e2e.SLOW)
        self.assertEqual(request(server)[0], 200)
        e2e.need_proc()
        e2e.expect_idle(self, server)
        server.stop(expect_silence=False)

    def test_metrics_of_workers_stay_when_they_end(self):
        e2e.need_proc()
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/metrics"
            server = e2e.Server(self, "--model", "prefork-reactor", "--processes", "2",
                                "--metrics", f"unix:{path}")
            clients = [server.connect() for _ in range(10)]
            for client in clients:
                self.assertEqual(e2e.round_trip(client, b"hello"), b"HELLO")
            before = self.ask_unix(path)
            self.assertEqual(before["polymux_connections"], 10)
            self.assertEqual(before["polymux_received_bytes_total"], 50)

            os.kill(e2e.processes_below(server.pid)[0], signal.SIGKILL)
            e2e.eventually(self, lambda: "has taken the place" in server.stderr(), "a new worker")
            server.signal(signal.SIGHUP)
            e2e.eventually(self, lambda: "new workers serve" in server.stderr(), "new workers")
            for client in clients:
                client.close()

            def is_whole():
                after = self.ask_unix(path)
                for name in ("polymux_loop_wait_events_sum", "polymux_loop_turn_seconds_count"):
                    self.assertGreaterEqual(after[name], before[name])
                return (after["polymux_connections"] == 0 and
                        after["polymux_connections_closed_total"] == 10 and
                        after["polymux_received_bytes_total"] == 50)
            e2e.eventually(self, is_whole, "the sums")
            self.assertTrue(Path(path).is_socket())
            server.stop(expect_silence=False)
            self.assertFalse(os.path.lexists(path), "the file is left behind")

    def ask_unix(self, path):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10 * e2e.SLOW)
            client.connect(path)
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            head, _, body = e2e.receive_to_end(client).partition(b"\r\n\r\n")
            self.assertEqual(head.split()[1], b"200")
            return parse(body.decode())

    def test_metrics_of_datagrams(self):
        server = self.serve("--model", "udp")
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10 * e2e.SLOW)
            client.connect(("127.0.0.1", server.port))
            for _ in range(7):
                self.assertEqual(e2e.round_trip(client, b"abc"), b"ABC")
        found = scrape(server)
        self.assertEqual(found["polymux_received_datagrams_total"], 7)
        self.assertEqual(found["polymux_sent_datagrams_total"], 7)
        self.assertEqual(found["polymux_received_bytes_total"], 21)
        self.assertNotIn("polymux_connections", found)
        server.stop(expect_silence=False)

    def test_metrics_that_cannot_be(self):
        for address in "nonsense", "127.0.0.1", "127.0.0.1:x", "unix:", "fd:x":
            self.expect_refusal(2, ["--metrics", address], f"'{address}'", "is not an address")
        self.expect_refusal(2, ["--metrics="], "--metrics")
        self.expect_refusal(2, ["--metrics", ""], "--metrics", "127.0.0.1:9100")
        for model in "fork", "process-pool":
            self.expect_refusal(2, ["--model", model, "--metrics", "127.0.0.1:0"], "--metrics",
                                model)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            for model in "reactor", "thread", "prefork-reactor":
                self.expect_refusal(1, ["--model", model, "--metrics", f"127.0.0.1:{port}"],
                                    f"127.0.0.1:{port}", "in use")
