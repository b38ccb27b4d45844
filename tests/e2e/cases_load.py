"""Many clients, and bad ones: none of them costs another a byte, or the server its bounds."""

import resource
import socket
import statistics
import threading
import time
import unittest

import e2e_support as e2e

MIB = 1 << 20


class Crowds(unittest.TestCase):
    def test_1500_clients_at_once(self):
        # The server's numbers go past 1,024, where select(2) ends on most systems.
        e2e.raise_descriptor_limit(1600)
        server = e2e.Server(self)
        clients = [server.connect() for _ in range(1500)]

        for number, client in enumerate(clients):
            client.sendall(b"client %d" % number)

        for number, client in enumerate(clients):
            expected = b"CLIENT %d" % number
            self.assertEqual(e2e.receive_exactly(client, len(expected)), expected)
        server.stop()

    def test_300_clients_at_once(self):
        server = e2e.Server(self)
        clients = [server.connect() for _ in range(300)]

        for turn in range(3):
            for number, client in enumerate(clients):
                client.sendall(b"turn %d client %d" % (turn, number))
            for number, client in enumerate(clients):
                expected = b"TURN %d CLIENT %d" % (turn, number)
                self.assertEqual(e2e.receive_exactly(client, len(expected)), expected)
        server.stop()

    def test_500_busy_clients_with_a_short_signal_queue(self):
        # Whoever is told of readiness by signals loses most of them here (getrlimit(2)).
        if not hasattr(resource, "RLIMIT_SIGPENDING"):
            raise unittest.SkipTest("this system does not limit the signals that are queued")
        e2e.raise_descriptor_limit(600)
        server = e2e.Server(self, limits=[(resource.RLIMIT_SIGPENDING, (32, 32))])
        clients = [server.connect() for _ in range(500)]

        for turn in range(10):
            for number, client in enumerate(clients):
                client.sendall(b"turn %d client %d" % (turn, number))
            for number, client in enumerate(clients):
                expected = b"TURN %d CLIENT %d" % (turn, number)
                self.assertEqual(e2e.receive_exactly(client, len(expected)), expected)
        server.stop()

    def test_200_idle_clients_cost_no_cpu(self):
        e2e.need_proc()
        server = e2e.Server(self)
        clients = [server.connect() for _ in range(200)]
        self.assertEqual(e2e.round_trip(clients[-1], b"a"), b"A")

        e2e.expect_idle(self, server, share=0.03)
        server.stop()

    def test_connect_storm(self):
        server = e2e.Server(self)

        for number in range(600):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=10 * e2e.SLOW)
            if number % 3 == 0:
                client.sendall(b"going")
            if number % 2 == 0:
                e2e.close_with_reset(client)
            client.close()

        self.assertTrue(server.serves())
        server.stop()

    def test_descriptors_do_not_leak(self):
        e2e.need_proc()
        server = e2e.Server(self)
        self.assertTrue(server.serves())
        e2e.eventually(self, lambda: self._is_settled(server), "the first client is gone")
        before = e2e.descriptor_count(server.pid)

        for number in range(1000):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=10 * e2e.SLOW)
            with client:
                client.sendall(b"x")
                self.assertEqual(client.recv(1), b"X")
                if number % 4 == 0:
                    e2e.close_with_reset(client)

        e2e.eventually(self, lambda: e2e.descriptor_count(server.pid) == before,
                       f"{before} descriptors again")
        server.stop()

    def test_no_process_is_left_behind(self):
        e2e.need_proc()
        server = e2e.Server(self)
        for number in range(50):
            client = server.connect()
            self.assertEqual(e2e.round_trip(client, b"x"), b"X")
            client.close()

        # One that has ended and that nobody waits for is a zombie.
        e2e.eventually(self, lambda: not e2e.zombies_below(server.pid), "no zombies")
        below = e2e.processes_below(server.pid)
        server.stop()

        e2e.eventually(self, lambda: not any(e2e.is_alive(pid) for pid in below),
                       "its processes have ended with it")

    @staticmethod
    def _is_settled(server):
        # One count may still hold a client that has just left.
        first = e2e.descriptor_count(server.pid)
        time.sleep(0.05)
        return e2e.descriptor_count(server.pid) == first


class BadClients(unittest.TestCase):
    def time_of_round_trips(self, client):
        start = time.monotonic()
        for _ in range(50):
            self.assertEqual(e2e.round_trip(client, b"still here"), b"STILL HERE")
        return time.monotonic() - start

    def test_who_never_reads_costs_others_nothing(self):
        e2e.need_proc()
        server = e2e.Server(self)
        good = server.connect()
        alone = self.time_of_round_trips(good)
        resident = e2e.resident_bytes(server.pid)
        stream = e2e.Stream()
        bad = [server.connect(receive_buffer=8192) for _ in range(8)]

        sent = [e2e.send_until_stuck(client, stream, patience=0.2) for client in bad]

        self.assertLess(max(sent), 128 * MIB, "the server takes without end")
        # On a machine that others use both are slow.
        self.assertLess(self.time_of_round_trips(good), 5 * alone + e2e.SLOW)
        e2e.expect_idle(self, server, seconds=0.5)
        if not e2e.SANITIZED:  # whose own memory is greater than the bound
            grown = e2e.resident_bytes(server.pid) - resident
            self.assertLess(grown, len(bad) * 64 * 1024 + MIB)
        # And when it reads at last, it gets every byte.
        bad[0].shutdown(socket.SHUT_WR)
        answer = e2e.receive_to_end(bad[0])
        self.assertEqual(len(answer), sent[0])
        self.assertTrue(stream.is_answered_by(answer), "the answer differs")
        for client in bad:
            client.close()
        server.stop()

    def test_who_half_closes_and_never_reads_costs_no_cpu(self):
        e2e.need_proc()
        server = e2e.Server(self)
        client = server.connect(receive_buffer=8192)
        stream = e2e.Stream()

        sent = e2e.send_until_stuck(client, stream)
        client.shutdown(socket.SHUT_WR)

        self.assertLess(sent, 128 * MIB)
        e2e.expect_idle(self, server)
        answer = e2e.receive_to_end(client)
        self.assertEqual(len(answer), sent)
        self.assertTrue(stream.is_answered_by(answer), "the answer differs")
        server.stop()

    def test_a_slow_reader_gets_every_byte(self):
        server = e2e.Server(self)
        slow, stream = server.connect(receive_buffer=4096), e2e.Stream()

        sent = e2e.send_until_stuck(slow, stream, patience=0.2)
        slow.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while piece := slow.recv(5000):
            answer += piece

        self.assertEqual(len(answer), sent)
        self.assertTrue(stream.is_answered_by(bytes(answer)), "the answer differs")
        server.stop()

    def test_resets_in_mid_transfer(self):
        server = e2e.Server(self)
        data = e2e.random_bytes(4 * MIB)
        good = server.connect()

        stream = e2e.Stream()

        def break_off():
            for _ in range(150):
                bad = server.connect()
                e2e.send_until_stuck(bad, stream, patience=0, most=256 * 1024)
                e2e.close_with_reset(bad)

        breaker = e2e.Background(break_off)
        sender = e2e.Background(e2e.send_all_and_half_close, good, data)
        answer = e2e.receive_to_end(good)

        sender.result()
        breaker.result()
        self.assertTrue(answer == e2e.upper(data), "the answer differs")
        self.assertTrue(server.serves())
        server.stop()

    def test_a_flood_starves_nobody(self):
        server = e2e.Server(self)
        greedy, modest = server.connect(), server.connect()
        is_over = threading.Event()

        def flood():
            block = b"f" * (MIB // 4)
            while not is_over.is_set():
                greedy.sendall(block)
            greedy.shutdown(socket.SHUT_WR)

        def swallow():
            while greedy.recv(MIB):
                pass

        threads = [e2e.Background(flood), e2e.Background(swallow)]
        times = []
        for _ in range(100):
            start = time.monotonic()
            self.assertEqual(e2e.round_trip(modest, b"modest"), b"MODEST")
            times.append(time.monotonic() - start)
        is_over.set()

        for thread in threads:
            thread.result()
        self.assertLess(statistics.median(times), 0.05 * e2e.SLOW)
        self.assertLess(max(times), 2 * e2e.SLOW)
        server.stop()
