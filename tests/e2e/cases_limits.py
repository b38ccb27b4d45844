"""What is limited is refused and not left hanging; and it costs nothing."""

import contextlib
import re
import resource
import signal
import socket
import time
import unittest

import e2e_support as e2e


def outcome(client):
    """`answered`, `refused`, or `left hanging`."""
    try:
        client.settimeout(5 * e2e.SLOW)
        return "answered" if client.recv(1) == b"A" else "refused"
    except (ConnectionResetError, BrokenPipeError):
        return "refused"
    except socket.timeout:
        return "left hanging"


class Limits(unittest.TestCase):
    def ask(self, server):
        """A client that asks; it may be refused at any step."""
        client = server.connect()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            client.sendall(b"a")
        return client

    def test_64_descriptors_and_150_clients(self):
        e2e.need_proc()
        server = e2e.Server(self, limits=[(resource.RLIMIT_NOFILE, (64, 64))])
        # UBSan opens a pipe the first time that it looks at a type: while there still is room.
        self.assertTrue(server.serves())
        cpu, start = e2e.cpu_seconds(server.pid), time.monotonic()

        clients = [self.ask(server) for _ in range(150)]
        outcomes = [outcome(client) for client in clients]
        e2e.expect_idle(self, server)

        used, elapsed = e2e.cpu_seconds(server.pid) - cpu, time.monotonic() - start
        if not e2e.never_sleeps():
            self.assertLess(used, 0.05 * elapsed * e2e.SLOW)
        self.assertNotIn("left hanging", outcomes)
        self.assertGreaterEqual(outcomes.count("answered"), 40)
        self.assertGreaterEqual(outcomes.count("refused"), 86)
        for client in clients:
            client.close()
        e2e.eventually(self, server.serves, "serves again when they have left")
        server.stop()

    def test_most_connections(self):
        server = e2e.Server(self, "--max-connections", "3")
        clients = [self.ask(server) for _ in range(3)]
        self.assertEqual([outcome(client) for client in clients], ["answered"] * 3)

        beyond = [outcome(self.ask(server)) for _ in range(5)]
        clients[1].close()

        self.assertEqual(beyond, ["refused"] * 5)
        e2e.eventually(self, server.serves, "serves another when one has left")
        self.assertEqual(e2e.round_trip(clients[0], b"still"), b"STILL")
        server.stop()

    def test_idle_timeout(self):
        server = e2e.Server(self, "--idle-timeout", str(e2e.SLOW))
        start = time.monotonic()
        idle, busy = server.connect(), server.connect()

        for turn in range(1, 16):
            self.assertEqual(e2e.round_trip(busy, b"busy"), b"BUSY")
            time.sleep(max(0.0, start + 0.1 * turn * e2e.SLOW - time.monotonic()))

        # By now the idle one is gone; the other had time enough, but was never idle for so long.
        self.assertEqual(idle.recv(1), b"")
        self.assertEqual(e2e.round_trip(busy, b"busy"), b"BUSY")
        self.assertEqual(busy.recv(1), b"")
        server.stop()

    def test_idle_timeout_is_not_early(self):
        server = e2e.Server(self, "--idle-timeout", "0.7")
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"a"), b"A")
        start = time.monotonic()

        self.assertEqual(client.recv(1), b"")

        # The server's clock began before this one, by no more than the answer's way here.
        self.assertGreater(time.monotonic() - start, 0.6)
        server.stop()

    def test_idle_timeout_of_one_who_does_not_read(self):
        server = e2e.Server(self, "--idle-timeout", "0.5")
        client = server.connect(receive_buffer=8192)
        block = bytes(1 << 18)
        deadline = e2e.deadline_in(10)

        # No progress: the server hangs up, with bytes unread, so that the client sees a reset.
        with self.assertRaises(ConnectionError):
            while time.monotonic() < deadline:
                client.sendall(block)

        self.assertTrue(server.serves())
        server.stop()

    def test_stop_and_continue(self):
        server = e2e.Server(self)
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"before"), b"BEFORE")

        server.signal(signal.SIGSTOP)
        client.sendall(b"meanwhile")
        server.signal(signal.SIGCONT)

        self.assertEqual(e2e.receive_exactly(client, 9), b"MEANWHILE")
        self.assertTrue(server.serves())
        server.stop()

    def test_stats_line(self):
        server = e2e.Server(self, "--stats-interval", "0.05")
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"12345"), b"12345")
        wanted = re.compile(r"^polymux: stats active=1 accepted=1 closed=0 .*"
                            r"bytes_in=5 bytes_out=5 backpressure=0$", re.MULTILINE)

        e2e.eventually(self, lambda: wanted.search(server.stderr()), "a line of counters")

        server.stop(expect_silence=False)
