"""A master and its workers: who is lost with whom, who takes whose place, and who is left."""

import contextlib
import os
import resource
import signal
import socket
import threading
import time
import unittest

import e2e_support as e2e


def workers_of(server):
    return sorted(e2e.processes_below(server.pid))


def sockets_of(pid):
    """The inodes of a process's sockets."""
    inodes = set()
    with contextlib.suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                file = os.readlink(f"/proc/{pid}/fd/{number}")
                if file.startswith("socket:["):
                    inodes.add(file[8:-1])
    return inodes


def owner_of(server, client, workers):
    """The worker that serves a client."""
    near = f":{server.port:04X}"
    far = f":{client.getsockname()[1]:04X}"
    with open("/proc/net/tcp") as lines:
        rows = [line.split() for line in lines][1:]
    inodes = {row[9] for row in rows if row[1].endswith(near) and row[2].endswith(far)}
    for pid in workers:
        if inodes & sockets_of(pid):
            return pid
    return None


class Asking(threading.Thread):
    """A client that asks without end, until the server ends it or the test does."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.answers, self.is_lost, self.is_over = client, 0, False, False
        self.start()

    def run(self):
        try:
            while not self.is_over:
                if e2e.round_trip(self.client, b"ask") != b"ASK":
                    raise ConnectionError
                self.answers += 1
                time.sleep(0.005)
        except OSError:
            self.is_lost = True

    def end(self):
        self.is_over = True
        self.join(10 * e2e.SLOW)
        return self.is_lost


class Prefork(unittest.TestCase):
    RUNS_ONCE = True

    def setUp(self):
        e2e.need_proc()

    def server(self, *options, processes=3, **more):
        return e2e.Server(self, "--model", "prefork-reactor", "--processes", str(processes),
                          *options, **more)

    def is_well(self, server, count):
        """`count` workers, and no zombie among them."""
        workers = workers_of(server)
        return len(workers) == count and not e2e.zombies_below(server.pid)

    def test_prefork_sigkill_of_a_worker_loses_its_clients_alone(self):
        server = self.server()
        workers = workers_of(server)
        clients = [Asking(server.connect()) for _ in range(30)]
        e2e.eventually(self, lambda: all(one.answers for one in clients), "all are served")
        owners = [owner_of(server, one.client, workers) for one in clients]
        victim = max(workers, key=owners.count)

        os.kill(victim, signal.SIGKILL)
        start = time.monotonic()
        e2e.eventually(self, lambda: "has taken the place" in server.stderr(), "a new worker")
        self.assertLess(time.monotonic() - start, 1.0 * e2e.SLOW)

        fresh, = set(workers_of(server)) - set(workers)
        e2e.eventually(self, lambda: self.is_served_by(server, fresh), "the new one serves")
        e2e.eventually(self, lambda: all(one.is_lost for one, owner in zip(clients, owners)
                                         if owner == victim), "those of the one that was killed")
        seen = [one.answers for one in clients]
        e2e.eventually(self, lambda: all(one.answers > before + 5 for one, before, owner
                                         in zip(clients, seen, owners) if owner != victim),
                       "the others have answers")
        for one, owner in zip(clients, owners):
            self.assertEqual(one.end(), owner == victim)
        self.assertIn(f"worker {victim} was killed by signal 9", server.stderr())
        self.assertTrue(self.is_well(server, 3))
        server.stop(expect_silence=False)

    def is_served_by(self, server, worker):
        clients = []
        for _ in range(20):
            client = server.connect()
            clients.append(client)
            if e2e.round_trip(client, b"new") == b"NEW" and owner_of(server, client, [worker]):
                break
        found = owner_of(server, clients[-1], [worker]) == worker
        for client in clients:
            client.close()
        return found

    def load(self, server, *options):
        return e2e.Process(self, ["load", f"127.0.0.1:{server.port}", "-c", "20", "-d", "3",
                                  *options])

    def test_prefork_sighup_under_load_loses_nothing(self):
        server = self.server("--drain-timeout", str(60 * e2e.SLOW))
        before = workers_of(server)
        staying, coming = self.load(server), self.load(server, "--reconnect")
        e2e.eventually(self, lambda: sum(len(sockets_of(pid)) for pid in before) > 20, "load")

        server.signal(signal.SIGHUP)
        e2e.eventually(self, lambda: "new workers serve" in server.stderr(), "new workers")

        self.assertEqual(staying.wait(30), 0, staying.stderr())
        self.assertEqual(coming.wait(30), 0, coming.stderr())
        e2e.eventually(self, lambda: not set(workers_of(server)) & set(before),
                       "those of before have ended")
        self.assertTrue(self.is_well(server, 3))
        self.assertTrue(server.serves())
        server.stop(expect_silence=False)

    def test_prefork_sighup_again_and_again(self):
        server = self.server(processes=2)
        stuck = server.connect(receive_buffer=8192)
        stream = e2e.Stream()
        sent = e2e.send_until_stuck(stuck, stream)

        for _ in range(10):
            server.signal(signal.SIGHUP)
            self.assertTrue(server.serves())
        stuck.shutdown(socket.SHUT_WR)
        answer = e2e.receive_to_end(stuck)

        self.assertEqual(len(answer), sent)
        self.assertTrue(stream.is_answered_by(answer))
        e2e.eventually(self, lambda: self.is_well(server, 2), "two workers are left")
        server.stop(expect_silence=False)

    def test_prefork_who_dies_at_once_is_not_replaced_at_once(self):
        server = self.server(processes=1)
        killed = set()
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            for pid in workers_of(server):
                if pid not in killed and not e2e.zombies_below(server.pid):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.005)

        # After 0.1, 0.2, 0.4, 0.8 s; the first one may have been old enough to be replaced at once.
        self.assertLessEqual(len(killed), 7)
        self.assertGreaterEqual(len(killed), 3)
        e2e.eventually(self, server.serves, "serves again", 10)
        server.stop(expect_silence=False)

    def test_prefork_without_its_master_ends(self):
        server = self.server()
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"a"), b"A")
        workers = workers_of(server)
        self.assertEqual(len(workers), 3)

        server.process.kill()
        server.process.wait()

        self.assertEqual(client.recv(1), b"")
        e2e.eventually(self, lambda: not any(e2e.is_alive(pid) for pid in workers), "no orphan")

    def test_prefork_signals_to_the_whole_group_drain_once(self):
        server = self.server(prepare=os.setsid)
        client = server.connect(receive_buffer=8192)
        stream = e2e.Stream()
        sent = e2e.send_until_stuck(client, stream)

        os.killpg(server.pid, signal.SIGINT)
        client.shutdown(socket.SHUT_WR)
        answer = e2e.receive_to_end(client)

        self.assertEqual(len(answer), sent)
        self.assertTrue(stream.is_answered_by(answer))
        self.assertEqual(server.wait(), 0)
        self.assertEqual(server.stderr(), "")

    def test_prefork_a_backend_that_is_not_there_ends_it(self):
        server = e2e.Process(self, ["serve", "--model", "prefork-reactor", "--backend", "nonsense"])

        self.assertEqual(server.wait(), 2)
        self.assertEqual(server.stderr().count("nonsense"), 1, server.stderr())

    def test_prefork_each_worker_has_descriptors_of_its_own(self):
        server = self.server(limits=[(resource.RLIMIT_NOFILE, (64, 64))])
        clients = [server.connect() for _ in range(250)]
        answers = []
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(b"a")
        for client in clients:
            try:
                answers.append(client.recv(1))
            except OSError:
                answers.append(b"")

        # 64 each, less than 14 of which the worker has for itself; the others are refused.
        self.assertGreaterEqual(answers.count(b"A"), 150)
        self.assertGreaterEqual(answers.count(b""), 250 - 192)
        for client in clients:
            client.close()
        e2e.eventually(self, server.serves, "serves again when they have left")
        server.stop()

    def test_prefork_counts_over_all_workers(self):
        server = self.server("--max-connections", "5", "--stats-interval", "0.05")
        clients = [server.connect() for _ in range(5)]
        for client in clients:
            self.assertEqual(e2e.round_trip(client, b"in"), b"IN")
        for beyond in [server.connect() for _ in range(10)]:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(beyond.recv(1), b"")
        e2e.eventually(self, lambda: "active=5 accepted=5 closed=0 refused_limit=10 " in
                       server.stderr(), "the sum of the workers' counters")

        os.kill(owner_of(server, clients[0], workers_of(server)), signal.SIGKILL)
        e2e.eventually(self, lambda: "has taken the place" in server.stderr(), "a new worker")
        self.assertEqual(clients[0].recv(1) if self.is_open(clients[0]) else b"", b"")
        e2e.eventually(self, server.serves, "the places of those who are lost are free")
        server.stop(expect_silence=False)

    @staticmethod
    def is_open(client):
        try:
            return client.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            return False
