"""The ways in which clients come to one of several loops."""

import os
import signal
import unittest

import e2e_support as e2e


class Balance(unittest.TestCase):
    RUNS_ONCE = True

    def server(self, *options, **more):
        return e2e.Server(self, "--model", "multi-reactor", "--threads", "4", *options, **more)

    def loops_of(self, server, way):
        """A server of four loops serves many at once, in whatever way it deals them out."""
        clients = [server.connect() for _ in range(40)]
        for number, client in enumerate(clients):
            client.sendall(b"client %d" % number)
        for number, client in enumerate(clients):
            expected = b"CLIENT %d" % number
            self.assertEqual(e2e.receive_exactly(client, len(expected)), expected, way)

    def test_balance_least_and_round_robin(self):
        for way in ("least", "round-robin"):
            with self.subTest(way=way):
                server = self.server("--balance", way)
                self.loops_of(server, way)
                server.stop()

    def need_reuseport(self):
        server = e2e.Process(self, ["serve", "--model", "multi-reactor", "--threads", "4",
                                    "--balance", "reuseport", "--listen", "127.0.0.1:0"])
        if not server.first_line():
            self.assertEqual(server.wait(), 2)
            self.assertIn("--balance reuseport cannot be used here", server.stderr())
            self.skipTest(server.stderr())
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)

    def test_balance_reuseport(self):
        self.need_reuseport()
        server = self.server("--balance", "reuseport")
        self.loops_of(server, "reuseport")
        server.stop()

    def test_balance_reuseport_counts_over_all_loops(self):
        self.need_reuseport()
        server = self.server("--balance", "reuseport", "--max-connections", "5",
                             "--stats-interval", "0.05")
        clients = [server.connect() for _ in range(5)]
        for client in clients:
            self.assertEqual(e2e.round_trip(client, b"in"), b"IN")
        beyond = [server.connect() for _ in range(10)]

        for client in beyond:
            self.assertEqual(self.first_byte(client), b"")
        e2e.eventually(self, lambda: "active=5 accepted=5 closed=0 refused_limit=10 " in
                       server.stderr(), "the sum of the loops' counters")
        server.stop(expect_silence=False)

    def first_byte(self, client):
        try:
            return client.recv(1)
        except ConnectionResetError:
            return b""

    def test_balance_reuseport_is_not_for_unix_sockets(self):
        self.need_reuseport()
        server = e2e.Process(self, ["serve", "--model", "multi-reactor", "--balance", "reuseport",
                                    "--listen", "unix:/nowhere/socket"])

        self.assertNotEqual(server.wait(), 0)
        self.assertIn("--balance reuseport", server.stderr())

    def test_each_loop_has_as_many_where_the_least_is_chosen(self):
        e2e.need_proc()
        server = self.server("--balance", "least")
        if not self.watched(server):
            self.skipTest("what is chosen here is not epoll, which can be looked into")
        clients = [server.connect() for _ in range(40)]
        for client in clients:
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")

        self.assertEqual(self.watched(server).count(10), 4, self.watched(server))
        for client in clients[:8]:
            client.close()
        e2e.eventually(self, lambda: sum(self.watched(server)) == 32, "they are gone")
        for client in [server.connect() for _ in range(8)]:
            self.assertEqual(e2e.round_trip(client, b"a"), b"A")

        e2e.eventually(self, lambda: self.watched(server).count(10) == 4, "as many again")
        server.stop()

    def watched(self, server):
        """How many connected sockets each epoll set of the process has."""
        folder = f"/proc/{server.pid}"
        counts = []
        listening = self.listening_inodes()
        for number in os.listdir(f"{folder}/fd"):
            if os.readlink(f"{folder}/fd/{number}") != "anon_inode:[eventpoll]":
                continue
            with open(f"{folder}/fdinfo/{number}") as lines:
                watched = [line.split()[1] for line in lines if line.startswith("tfd:")]
            files = [os.readlink(f"{folder}/fd/{one}") for one in watched]
            counts.append(sum(file.startswith("socket:") and file[8:-1] not in listening
                              for file in files))
        return counts

    def listening_inodes(self):
        with open("/proc/net/tcp") as lines:
            rows = [line.split() for line in lines][1:]
        return {row[9] for row in rows if row[3] == "0A"}
