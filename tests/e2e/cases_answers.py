"""Whatever comes in goes out in upper case, byte for byte."""

import shutil
import socket
import subprocess
import unittest

import e2e_support as e2e


class Answers(unittest.TestCase):
    def test_every_byte_value(self):
        server = e2e.Server(self)
        client = server.connect()

        answer = e2e.round_trip(client, bytes(range(256)))

        self.assertEqual(answer, bytes(range(97)) + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" +
                         bytes(range(123, 256)))
        server.stop()

    def test_random_bytes_with_half_close(self):
        server = e2e.Server(self)
        client = server.connect()
        data = e2e.random_bytes(8 << 20)

        sender = e2e.Background(e2e.send_all_and_half_close, client, data)
        answer = e2e.receive_to_end(client)

        sender.result()
        self.assertEqual(len(answer), len(data))
        self.assertTrue(answer == e2e.upper(data), "the answer differs")
        server.stop()

    def test_a_buffer_of_one_byte_loses_nothing(self):
        server = e2e.Server(self, "--max-buffer", "1")
        client = server.connect()
        data = e2e.random_bytes(20_000)

        sender = e2e.Background(e2e.send_all_and_half_close, client, data)
        answer = e2e.receive_to_end(client)

        sender.result()
        self.assertTrue(answer == e2e.upper(data), "the answer differs")
        server.stop()

    def test_one_byte_at_a_time(self):
        server = e2e.Server(self)
        client = server.connect()
        data = e2e.random_bytes(1000)

        answered = b"".join(e2e.round_trip(client, data[at:at + 1]) for at in range(len(data)))
        for at in range(len(data)):
            client.sendall(data[at:at + 1])
        streamed = e2e.receive_exactly(client, len(data))

        self.assertEqual(answered, e2e.upper(data))
        self.assertEqual(streamed, e2e.upper(data))
        server.stop()

    def test_half_close_before_the_first_answer(self):
        server = e2e.Server(self)
        client = server.connect()

        e2e.send_all_and_half_close(client, b"last words")

        self.assertEqual(e2e.receive_to_end(client), b"LAST WORDS")
        server.stop()

    def test_a_client_that_says_nothing_and_leaves(self):
        server = e2e.Server(self)

        server.connect().close()
        quiet = server.connect()
        quiet.shutdown(socket.SHUT_WR)

        self.assertEqual(quiet.recv(1), b"")
        self.assertTrue(server.serves())
        server.stop()


class Tools(unittest.TestCase):
    def ask(self, *command):
        if shutil.which(command[0]) is None:
            self.skipTest(f"{command[0]} is not installed")
        done = subprocess.run(command, input=b"Hello, world\n", stdout=subprocess.PIPE,
                              timeout=15 * e2e.SLOW, check=False)
        return done.stdout

    def test_socat(self):
        server = e2e.Server(self)

        answer = self.ask("socat", "-t", "5", "-", f"TCP:127.0.0.1:{server.port}")

        self.assertEqual(answer, b"HELLO, WORLD\n")
        server.stop()

    def test_netcat(self):
        server = e2e.Server(self)

        # The flag by which OpenBSD's netcat, and Debian's, half-closes after its input.
        answer = self.ask("nc", "-N", "127.0.0.1", str(server.port))

        self.assertEqual(answer, b"HELLO, WORLD\n")
        server.stop()
