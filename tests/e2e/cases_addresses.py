"""Where a server can listen."""

import os
import signal
import socket
import sys
import tempfile
import unittest
from pathlib import Path

import e2e_support as e2e


def ask(family, address):
    with socket.socket(family) as client:
        client.settimeout(10 * e2e.SLOW)
        client.connect(address)
        return e2e.round_trip(client, b"hello")


def wait_until_deaf(path):
    """A request of io_uring holds the listener of a killed process for a moment."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10 * e2e.SLOW)
        try:
            client.connect(path)
            client.recv(1)
        except (ConnectionRefusedError, ConnectionResetError):
            pass


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Internet(unittest.TestCase):
    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this system has no ::1")
        server = e2e.Server(self, listen=["[::1]:0"])

        self.assertRegex(server.addresses[0], r"^\[::1\]:\d+$")
        self.assertEqual(ask(socket.AF_INET6, ("::1", server.port)), b"HELLO")
        server.stop()

    def test_host_name(self):
        try:
            found = {entry[4][0] for entry in socket.getaddrinfo("localhost", 0)}
        except OSError:
            self.skipTest("localhost does not resolve")
        server = e2e.Server(self, listen=["localhost:0"])

        host = server.addresses[0].rsplit(":", 1)[0].strip("[]")
        self.assertIn(host, found)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.assertEqual(ask(family, (host, server.port)), b"HELLO")
        server.stop()

    def test_several_addresses(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/socket"
            server = e2e.Server(self, listen=["127.0.0.1:0", "127.0.0.1:0", f"unix:{path}"])

            first, second = (int(address.rsplit(":")[1]) for address in server.addresses[:2])
            self.assertNotEqual(first, second)
            for port in first, second:
                self.assertEqual(ask(socket.AF_INET, ("127.0.0.1", port)), b"HELLO")
            self.assertEqual(ask(socket.AF_UNIX, path), b"HELLO")
            server.stop()

    def test_the_port_is_free_again_at_once(self):
        server = e2e.Server(self)
        address = server.addresses[0]
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"a"), b"A")
        server.stop()  # which closes first, so that the port is in TIME_WAIT

        again = e2e.Server(self, listen=[address])

        self.assertTrue(again.serves())
        again.stop()


class Unix(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = f"{folder.name}/socket"

    def serve(self):
        return e2e.Server(self, listen=[f"unix:{self.path}"])

    def refusal(self):
        """What a server says that cannot listen there."""
        server = e2e.Process(self, [*e2e.serve_arguments(), "--listen", f"unix:{self.path}"])
        self.assertEqual(server.wait(), 1)
        lines = server.stderr().splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def test_unix_socket(self):
        server = self.serve()

        self.assertEqual(server.addresses, [f"unix:{self.path}"])
        self.assertEqual(ask(socket.AF_UNIX, self.path), b"HELLO")
        server.stop()
        self.assertFalse(os.path.lexists(self.path), "the file is left behind")

    def test_unix_socket_with_half_close(self):
        server = self.serve()
        data = e2e.random_bytes(4 << 20)

        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10 * e2e.SLOW)
            client.connect(self.path)
            sender = e2e.Background(e2e.send_all_and_half_close, client, data)
            answer = e2e.receive_to_end(client)
            sender.result()

        self.assertTrue(answer == e2e.upper(data), "the answer differs")
        server.stop()

    def test_unix_socket_of_a_dead_server_is_replaced(self):
        dead = self.serve()
        dead.signal(signal.SIGKILL)
        dead.wait()
        wait_until_deaf(self.path)
        self.assertTrue(Path(self.path).is_socket())

        server = self.serve()

        self.assertEqual(ask(socket.AF_UNIX, self.path), b"HELLO")
        server.stop()

    def test_unix_socket_of_a_living_server_is_not(self):
        server = self.serve()

        self.assertIn("in use", self.refusal())
        self.assertEqual(ask(socket.AF_UNIX, self.path), b"HELLO")
        server.stop()

    def test_file_that_is_no_socket_is_not_replaced(self):
        Path(self.path).write_text("mine")

        self.assertIn("no socket", self.refusal())
        self.assertEqual(Path(self.path).read_text(), "mine")

    def test_unix_socket_that_was_replaced_is_left_alone(self):
        server = self.serve()
        os.unlink(self.path)
        Path(self.path).write_text("another's")

        server.stop()

        self.assertEqual(Path(self.path).read_text(), "another's")

    def test_unix_socket_without_a_file(self):
        if not sys.platform.startswith("linux"):
            self.skipTest("only Linux has abstract sockets")
        name = f"polymux-test-{os.getpid()}"
        server = e2e.Server(self, listen=[f"unix:@{name}"])

        self.assertEqual(server.addresses, [f"unix:@{name}"])
        self.assertEqual(ask(socket.AF_UNIX, f"\0{name}"), b"HELLO")
        server.stop()
