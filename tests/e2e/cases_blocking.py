"""What is particular to the models that block: one client a thread, a process, or at a time."""

import os
import re
import select
import signal
import socket
import time
import unittest

import e2e_support as e2e


class Model(unittest.TestCase):
    RUNS_ONCE = True

    def serve(self, model, *options, workers=(), **more):
        e2e.MODEL, e2e.BACKEND = model, ""
        return e2e.Server(self, *options, workers=list(workers), **more)

    def expect_silence(self, client, seconds=0.2):
        """The client waits: it has neither an answer nor an end."""
        ready, _, _ = select.select([client], [], [], seconds)
        self.assertEqual(ready, [], "is served before its turn")

    def counters(self, server):
        """The last line of counters, as a dictionary; empty if there is none."""
        lines = re.findall(r"^polymux: stats (.*)$", server.stderr(), re.MULTILINE)
        return {name: int(value) for name, value in
                (pair.split("=") for pair in (lines[-1] if lines else "").split())}


class Iterative(Model):
    def test_iterative_serves_one_after_another(self):
        server = self.serve("iterative")
        first, second = server.connect(), server.connect()
        self.assertEqual(e2e.round_trip(first, b"first"), b"FIRST")

        second.sendall(b"second")
        self.expect_silence(second)
        self.assertEqual(e2e.round_trip(first, b"still"), b"STILL")
        first.close()

        self.assertEqual(e2e.receive_exactly(second, 6), b"SECOND")
        server.stop()

    def test_iterative_drain_serves_those_who_wait_in_their_order(self):
        server = self.serve("iterative")
        clients = [server.connect() for _ in range(5)]
        self.assertEqual(e2e.round_trip(clients[0], b"a"), b"A")
        for client in clients:
            client.sendall(b"waiting")

        server.signal(signal.SIGTERM)

        for client in clients:
            self.assertEqual(e2e.receive_to_end(client), b"WAITING")
            client.close()
        self.assertEqual(server.wait(), 0)


class ThreadPool(Model):
    def test_thread_pool_queue_is_bounded(self):
        e2e.need_proc()
        server = self.serve("thread-pool", "--stats-interval", "0.05", workers=("--threads", "2"))
        busy = [server.connect() for _ in range(2)]
        for client in busy:
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")
        before = e2e.descriptor_count(server.pid)

        waiting = [server.connect() for _ in range(40)]
        for client in waiting:
            client.sendall(b"waiting")

        # Two for the queue, and the one that is to go into it.
        e2e.eventually(self, lambda: self.counters(server).get("accepted") == 5, "5 are accepted")
        self.expect_silence(waiting[0])
        self.assertEqual(self.counters(server)["accepted"], 5)
        self.assertEqual(e2e.descriptor_count(server.pid), before + 3)
        for client in busy:
            client.close()
        for client in waiting:
            self.assertEqual(e2e.receive_exactly(client, 7), b"WAITING")
            client.close()
        server.stop(expect_silence=False)

    def test_thread_pool_with_a_full_queue_drains(self):
        server = self.serve("thread-pool", workers=("--threads", "1"))
        clients = [server.connect() for _ in range(10)]
        self.assertEqual(e2e.round_trip(clients[0], b"a"), b"A")
        for client in clients:
            client.sendall(b"waiting")

        server.signal(signal.SIGTERM)

        for client in clients:
            self.assertEqual(e2e.receive_to_end(client), b"WAITING")
            client.close()
        self.assertEqual(server.wait(), 0)


class Fork(Model):
    def test_fork_5000_connections_leave_no_zombie(self):
        e2e.need_proc()
        server = self.serve("fork", "--stats-interval", "0.1")
        deadline = e2e.deadline_in(60)

        for number in range(5000):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(b"x")
                self.assertEqual(client.recv(1), b"X", number)
            self.assertLess(time.monotonic(), deadline, f"{number} connections so far")

        e2e.eventually(self, lambda: self.counters(server).get("closed") == 5000, "all are closed")
        counters = self.counters(server)
        self.assertEqual(counters["accepted"], 5000)
        self.assertEqual(counters["active"], 0)
        for refused in ("accept_errors", "refused_limit", "refused_descriptors"):
            self.assertEqual(counters[refused], 0)
        self.assertEqual(e2e.processes_below(server.pid), [])
        server.stop(expect_silence=False)

    def test_fork_child_that_is_killed_costs_its_client_alone(self):
        e2e.need_proc()
        server = self.serve("fork", "--stats-interval", "0.05")
        clients = [server.connect() for _ in range(3)]
        for client in clients:
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")

        # The numbers of processes grow with the clients.
        os.kill(sorted(e2e.processes_below(server.pid))[1], signal.SIGKILL)

        self.assertEqual(count_lost(clients), 1)
        self.assertTrue(server.serves())
        e2e.eventually(self, lambda: self.counters(server).get("active") == 2, "two are left")
        self.assertEqual(e2e.zombies_below(server.pid), [])
        server.stop(expect_silence=False)

    def test_fork_children_end_with_a_parent_that_is_killed(self):
        e2e.need_proc()
        server = self.serve("fork")
        clients = [server.connect() for _ in range(3)]
        for client in clients:
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")

        server.signal(signal.SIGKILL)

        for client in clients:
            self.assertEqual(client.recv(1), b"")


class ProcessPool(Model):
    def test_process_pool_worker_that_is_killed_is_replaced(self):
        e2e.need_proc()
        server = self.serve("process-pool", workers=("--processes", "3"))
        clients = [server.connect() for _ in range(3)]
        for client in clients:
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")
        workers = e2e.processes_below(server.pid)
        self.assertEqual(len(workers), 3)

        os.kill(workers[0], signal.SIGKILL)

        self.assertEqual(count_lost(clients), 1)
        # The others are busy: only a new one can answer.
        e2e.eventually(self, server.serves, "another has taken its place", seconds=5)
        below = e2e.processes_below(server.pid)
        self.assertEqual(len(below), 3)
        self.assertNotIn(workers[0], below)
        self.assertIn(f"worker {workers[0]} was killed by signal 9", server.stderr())
        server.stop(expect_silence=False)

    def test_process_pool_worker_that_keeps_dying_is_no_loop(self):
        e2e.need_proc()
        server = self.serve("process-pool", workers=("--processes", "1"))
        end = time.monotonic() + 1.5

        killed = 0
        while time.monotonic() < end:
            for worker in e2e.processes_below(server.pid):
                os.kill(worker, signal.SIGKILL)
            e2e.eventually(self, lambda: e2e.processes_below(server.pid) or
                           time.monotonic() > end, "another one")
            killed = server.stderr().count("was killed by signal 9")

        # After 100, 200, 400 and 800 ms.
        self.assertGreaterEqual(killed, 3)
        self.assertLessEqual(killed, 5)
        e2e.eventually(self, server.serves, "serves in the end")
        server.stop(expect_silence=False)

    def test_process_pool_drain_serves_those_who_wait_though_all_are_busy(self):
        server = self.serve("process-pool", "--drain-timeout", "600", workers=("--processes", "2"))
        stuck = [server.connect(receive_buffer=8192) for _ in range(2)]
        for client in stuck:
            self.assertLess(e2e.send_until_stuck(client, e2e.Stream()), 1 << 27)
        waiting = [server.connect() for _ in range(10)]
        for client in waiting:
            client.sendall(b"waiting")
        self.expect_silence(waiting[0])

        server.signal(signal.SIGTERM)

        for client in waiting:
            self.assertEqual(e2e.receive_to_end(client), b"WAITING")
            client.close()
        self.assertIsNone(server.process.poll(), "has left those who are in mid-transfer")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)

    def test_process_pool_signal_to_all_of_them_loses_no_byte(self):
        # As a terminal or a service manager sends it.
        e2e.need_proc()
        server = self.serve("process-pool", workers=("--processes", "2"))
        client, stream = server.connect(receive_buffer=8192), e2e.Stream()
        sent = e2e.send_until_stuck(client, stream)
        self.assertLess(sent, 1 << 27)

        for pid in [*e2e.processes_below(server.pid), server.pid]:
            os.kill(pid, signal.SIGTERM)
        answer = e2e.receive_to_end(client)

        self.assertEqual(len(answer), sent)
        self.assertTrue(stream.is_answered_by(answer), "the answer differs")
        self.assertEqual(server.wait(), 0)


def count_lost(clients):
    """How many of them have lost their server; the others get their answer."""
    lost = 0
    for client in clients:
        try:
            lost += e2e.round_trip(client, b"still") != b"STILL"
        except OSError:
            lost += 1
    return lost
