"""The model `udp`: each datagram is answered by one, whoever sends it, and nothing is kept."""

import json
import re
import signal
import socket
import subprocess
import time
import unittest

import e2e_support as e2e

#: 65,535 bytes without the headers of IPv4 and UDP.
LONGEST = 65_507


class DatagramCase(unittest.TestCase):
    def setUp(self):
        e2e.MODEL = "udp"

    def client(self, server, family=socket.AF_INET):
        """A socket that knows the server; closed at the end of the test."""
        host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        client = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(10 * e2e.SLOW)
        client.connect((host, server.port))
        return client

    def ask(self, client, data):
        client.send(data)
        return client.recv(1 << 16)

    def stats(self, server):
        """The last line of counters, as numbers."""
        lines = re.findall(r"^polymux: stats (.*)$", server.stderr(), re.MULTILINE)
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", lines[-1])} \
            if lines else {}


class Datagrams(DatagramCase):
    RUNS_ON_BACKENDS = True

    def test_udp_every_byte_value_and_length(self):
        server = e2e.Server(self)
        client = self.client(server)

        for data in (bytes(range(256)), b"", b"a", b"", e2e.random_bytes(1472),
                     e2e.random_bytes(1473), e2e.random_bytes(LONGEST)):
            self.assertEqual(self.ask(client, data), e2e.upper(data), len(data))
        server.stop()

    def test_udp_many_peers_get_their_own(self):
        server = e2e.Server(self)
        clients = [self.client(server) for _ in range(200)]

        # Some 40 at a time: a socket holds a few hundred small datagrams before it loses some.
        for first in range(0, 200, 40):
            for number in range(first, first + 40):
                clients[number].send(b"peer %d" % number)
            for number in range(first, first + 40):
                self.assertEqual(clients[number].recv(100), b"PEER %d" % number)
        server.stop()

    def test_udp_peer_that_has_gone_stops_nobody(self):
        server = e2e.Server(self)
        stays = self.client(server)
        for _ in range(5):
            server.signal(signal.SIGSTOP)
            for _ in range(20):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goes:
                    goes.sendto(b"nobody waits for the answer", ("127.0.0.1", server.port))
            stays.send(b"still here")
            server.signal(signal.SIGCONT)
            self.assertEqual(stays.recv(100), b"STILL HERE")
        self.assertEqual(self.ask(stays, b"and again"), b"AND AGAIN")
        server.stop()

    def test_udp_flood_costs_datagrams_and_nothing_else(self):
        e2e.need_proc()
        server = e2e.Server(self)
        client = self.client(server)
        self.assertEqual(self.ask(client, b"a"), b"A")

        def flood():
            before = e2e.resident_bytes(server.pid)
            for _ in range(20_000):
                client.send(bytes(1000))
            return e2e.resident_bytes(server.pid) - before

        flood()
        self.assertLess(flood(), 4 << 20)
        client.close()
        late = self.client(server)

        def serves():
            late.settimeout(0.2 * e2e.SLOW)
            try:
                return self.ask(late, b"late") == b"LATE"
            except socket.timeout:
                return False

        e2e.eventually(self, serves, "answers the next one")
        e2e.expect_idle(self, server)
        server.stop()

    def test_udp_drain_answers_what_waits(self):
        server = e2e.Server(self)
        client = self.client(server)
        server.signal(signal.SIGSTOP)
        for number in range(100):
            client.send(b"waits %d" % number)

        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)

        self.assertEqual([client.recv(100) for _ in range(100)],
                         [b"WAITS %d" % number for number in range(100)])
        self.assertEqual(server.wait(), 0)
        self.assertEqual(server.stderr(), "")

    def test_udp_drain_of_silence_is_immediate(self):
        server = e2e.Server(self, "--drain-timeout", "600")
        client = self.client(server)
        self.assertEqual(self.ask(client, b"a"), b"A")
        start = time.monotonic()

        server.stop()

        self.assertLess(time.monotonic() - start, 5 * e2e.SLOW)

    def test_udp_too_long_is_dropped_and_counted(self):
        server = e2e.Server(self, "--max-buffer", "100", "--stats-interval", "0.05")
        client = self.client(server)

        client.send(b"x" * 101)
        self.assertEqual(self.ask(client, b"y" * 100), b"Y" * 100)

        wanted = {"datagrams_in": 2, "datagrams_out": 1, "datagrams_dropped": 1}
        e2e.eventually(self, lambda: wanted.items() <= self.stats(server).items(), str(wanted))
        server.stop(expect_silence=False)

    def test_udp_both_families(self):
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
                six.bind(("::1", 0))
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        server = e2e.Server(self, listen=("[::1]:0", "127.0.0.1:0"))
        self.assertEqual(self.ask(self.client(server, socket.AF_INET6), b"six"), b"SIX")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four:
            four.settimeout(10 * e2e.SLOW)
            four.connect(("127.0.0.1", int(server.addresses[1].rsplit(":", 1)[1])))
            self.assertEqual(self.ask(four, b"four"), b"FOUR")
        server.stop()

    def test_udp_answers_from_the_address_that_was_asked(self):
        server = e2e.Server(self, listen=("0.0.0.0:0",))
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(10 * e2e.SLOW)
        try:
            client.connect(("127.0.0.2", server.port))
        except OSError as error:
            self.skipTest(f"127.0.0.2 is not this machine: {error}")
        # A connected socket takes answers of that address alone.
        self.assertEqual(self.ask(client, b"second"), b"SECOND")
        server.stop()

    def test_udp_under_load(self):
        server = e2e.Server(self)
        done = subprocess.run(
            [e2e.POLYMUX, "load", "--udp", server.addresses[0], "-c", "16", "-n", "5000", "--size",
             "8-1400", "--json", "--timeout", str(2 * e2e.SLOW)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * e2e.SLOW, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        requests = json.loads(done.stdout)["requests"]
        self.assertEqual(requests["answered"], 5000)
        self.assertEqual((requests["strays"], requests["late"]), (0, 0))
        server.stop()


class DatagramUsage(DatagramCase):
    RUNS_ONCE = True

    def test_udp_what_it_cannot_keep_is_refused(self):
        for options, said in (
                (["--idle-timeout", "1"], "--idle-timeout cannot be kept by the model 'udp'"),
                (["--max-connections", "1"], "--max-connections cannot be kept"),
                (["--threads", "1"], "--threads is not for the model 'udp'"),
                (["--listen", "unix:/tmp/x"], "UDP has none; write HOST:PORT"),
                (["--listen", "unix:"], "no path"),
                (["--listen", "nonsense"], "no port")):
            with self.subTest(options=options):
                process = e2e.Process(self, ["serve", "--model", "udp", *options])
                self.assertEqual(process.wait(), 2)
                self.assertIn(said, process.stderr())

    def test_udp_port_in_use(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            process = e2e.Process(self, ["serve", "--model", "udp", "--listen", address])
            self.assertEqual(process.wait(), 1)
            self.assertIn("in use", process.stderr())
