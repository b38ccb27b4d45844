"""SIGTERM and SIGINT end the server in peace, the second one at once."""

import signal
import socket
import time
import unittest

import e2e_support as e2e

MIB = 1 << 20


class Ending(unittest.TestCase):
    def refuses(self, server):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=2 * e2e.SLOW).close()
        except OSError:
            return True
        return False

    def half_sent(self, server):
        """A client in mid-conversation: the server holds answers that it cannot send."""
        client = server.connect(receive_buffer=8192)
        stream = e2e.Stream()
        sent = e2e.send_until_stuck(client, stream)
        self.assertLess(sent, 128 * MIB)
        return client, stream, sent

    def test_sigterm_with_an_answer_half_sent_loses_no_byte(self):
        server = e2e.Server(self)
        client, stream, sent = self.half_sent(server)

        server.signal(signal.SIGTERM)
        e2e.eventually(self, lambda: self.refuses(server), "takes no new clients")
        answer = e2e.receive_to_end(client)

        self.assertEqual(len(answer), sent)
        self.assertTrue(stream.is_answered_by(answer), "the answer differs")
        self.assertEqual(server.wait(), 0)
        self.assertEqual(server.stderr(), "")

    def test_sigterm_in_the_middle_of_sending_loses_no_byte(self):
        server = e2e.Server(self)
        client, stream, sent = self.half_sent(server)
        total = sent + 8 * MIB

        server.signal(signal.SIGTERM)
        e2e.eventually(self, lambda: self.refuses(server), "takes no new clients")
        sender = e2e.Background(e2e.send_and_half_close, client, stream, sent, total)
        answer = e2e.receive_to_end(client)

        sender.result()
        self.assertEqual(len(answer), total)
        self.assertTrue(stream.is_answered_by(answer), "the answer differs")
        self.assertEqual(server.wait(), 0)

    def test_sigterm_serves_who_was_not_yet_accepted(self):
        server = e2e.Server(self)
        server.signal(signal.SIGSTOP)
        clients = [server.connect() for _ in range(100)]
        for client in clients:
            client.sendall(b"waiting")

        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)

        for client in clients:
            self.assertEqual(e2e.receive_to_end(client), b"WAITING")
        self.assertEqual(server.wait(), 0)

    def test_sigterm_lets_idle_clients_go(self):
        server = e2e.Server(self)
        clients = [server.connect() for _ in range(50)]
        self.assertEqual(e2e.round_trip(clients[-1], b"a"), b"A")
        start = time.monotonic()

        server.signal(signal.SIGTERM)

        for client in clients:
            self.assertEqual(client.recv(1), b"")
        self.assertEqual(server.wait(), 0)
        self.assertLess(time.monotonic() - start, 5 * e2e.SLOW)

    def test_sigint(self):
        server = e2e.Server(self)
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"a"), b"A")

        server.signal(signal.SIGINT)

        self.assertEqual(client.recv(1), b"")
        self.assertEqual(server.wait(), 0)
        self.assertEqual(server.stderr(), "")

    def test_a_second_signal_stops_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            with self.subTest(first=first, second=second):
                server = e2e.Server(self, "--drain-timeout", "600")
                client, _, _ = self.half_sent(server)

                server.signal(first)
                e2e.eventually(self, lambda: self.refuses(server), "takes no new clients")
                self.assertIsNone(server.process.poll(), "does not wait for its client")
                server.signal(second)

                self.assertEqual(server.wait(), 0)
                client.close()

    def test_drain_timeout(self):
        server = e2e.Server(self, "--drain-timeout", "0.8")
        self.half_sent(server)
        start = time.monotonic()

        server.signal(signal.SIGTERM)

        self.assertEqual(server.wait(), 0)
        self.assertGreaterEqual(time.monotonic() - start, 0.75)
        self.assertLess(time.monotonic() - start, 5 * e2e.SLOW)

    def test_drain_timeout_of_zero(self):
        server = e2e.Server(self, "--drain-timeout", "0")
        self.half_sent(server)

        server.signal(signal.SIGTERM)

        self.assertEqual(server.wait(), 0)

    def test_a_drain_does_not_spin(self):
        e2e.need_proc()
        server = e2e.Server(self, "--drain-timeout", "600")
        self.half_sent(server)

        server.signal(signal.SIGTERM)
        e2e.eventually(self, lambda: self.refuses(server), "takes no new clients")

        e2e.expect_idle(self, server)

    def test_sigterm_without_clients(self):
        e2e.Server(self).stop()
