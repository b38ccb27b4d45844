"""What `polymux serve` has for whoever operates it: service managers, users, rights of files."""

import contextlib
import json
import os
import pwd
import re
import signal
import socket
import stat
import sys
import tempfile
import time
import unittest
from pathlib import Path

import e2e_support as e2e

#: Becomes the command with the given descriptors at 3, 4 ..., as a service manager passes them.
ACTIVATE = """
import fcntl, os, sys
passed = [int(fd) for fd in sys.argv[1].split(",")]
kept = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in passed]
for fd in passed:
    os.close(fd)
for number, fd in enumerate(kept, 3):
    os.dup2(fd, number)
    os.close(fd)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.environ.setdefault("LISTEN_FDS", str(len(kept)))
os.execv(sys.argv[2], sys.argv[2:])
"""


def listening(family=socket.AF_INET, address=("127.0.0.1", 0), kind=socket.SOCK_STREAM):
    """A socket as a service manager opens it: it listens, and blocks."""
    opened = socket.socket(family, kind)
    opened.bind(address)
    if kind == socket.SOCK_STREAM:
        opened.listen(128)
    return opened


def ask(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as client:
        client.settimeout(10 * e2e.SLOW)
        client.connect(address)
        return e2e.round_trip(client, b"hello")


class Activated(e2e.Process):
    """`polymux serve` that was given sockets; prints a line for each of them."""

    def __init__(self, test, sockets, *options, **more):
        fds = [one.fileno() for one in sockets]
        super().__init__(
            test, ["-c", ACTIVATE, ",".join(map(str, fds)), e2e.POLYMUX, *e2e.serve_arguments(),
                   *options], program=sys.executable, pass_fds=fds, **more)

    def addresses(self, count):
        return [self.read_line().split()[2] for _ in range(count)]


class Manager:
    """What NOTIFY_SOCKET names: a service manager, as far as a service can tell."""

    def __init__(self, test, abstract=False):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.name = f"@polymux-manager-{os.getpid()}" if abstract else f"{folder.name}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        test.addCleanup(self.socket.close)
        self.socket.bind(self.name.replace("@", "\0"))
        self.socket.settimeout(10 * e2e.SLOW)

    def environment(self, **more):
        return {"NOTIFY_SOCKET": self.name, **more}

    def next(self):
        """The next message, as a dictionary."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def next_but_alive(self):
        while (message := self.next()) == {"WATCHDOG": "1"}:
            pass
        return message


class Sockets(unittest.TestCase):
    """On each backend and by each model."""

    def test_sockets_of_a_service_manager(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/socket"
            with listening() as first, listening(socket.AF_UNIX, path) as second:
                port = first.getsockname()[1]
                server = Activated(self, [first, second], "--listen", "127.0.0.1:0")
                addresses = server.addresses(3)

            self.assertEqual(addresses[1:], [f"127.0.0.1:{port}", f"unix:{path}"])
            own = int(addresses[0].rsplit(":", 1)[1])
            for at in port, own:
                self.assertEqual(ask(socket.AF_INET, ("127.0.0.1", at)), b"HELLO")
            self.assertEqual(ask(socket.AF_UNIX, path), b"HELLO")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0, server.stderr())
            self.assertEqual(server.stderr(), "")
            self.assertTrue(Path(path).is_socket(), "the file is the service manager's to remove")

    def test_service_manager_is_told(self):
        manager = Manager(self)
        server = e2e.Server(self, environment=manager.environment(WATCHDOG_USEC="100000"))

        ready = manager.next_but_alive()
        self.assertEqual(ready["READY"], "1")
        self.assertEqual(ready["STATUS"], f"listening on {server.addresses[0]}")
        start = time.monotonic()
        for _ in range(10):
            self.assertEqual(manager.next(), {"WATCHDOG": "1"})
        self.assertGreater(time.monotonic() - start, 0.3, "more often than every 50 ms")
        # It stays alive while it ends, which may take longer than a watchdog waits.
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"a"), b"A")
        server.signal(signal.SIGTERM)
        self.assertEqual(manager.next_but_alive(), {"STOPPING": "1"})
        self.assertEqual(server.wait(), 0, server.stderr())
        self.assertEqual(server.stderr(), "")

    def test_sigusr1_has_the_state_told(self):
        server = e2e.Server(self, "--idle-timeout", "60")
        client = server.connect()
        self.assertEqual(e2e.round_trip(client, b"hello"), b"HELLO")

        server.signal(signal.SIGUSR1)
        e2e.eventually(self, lambda: "state counters " in server.stderr(), "the state")
        lines = server.stderr().splitlines()
        model = e2e.MODEL.partition("/")[0] or "reactor"
        self.assertRegex(lines[0], rf"^polymux: state server model={model}"
                                   rf"{f' backend={e2e.BACKEND}' if e2e.BACKEND else ''}"
                                   r" phase=serving uptime=\d+\.\d{3}$")
        self.assertEqual(lines[1], f"polymux: state listening on {server.addresses[0]}")
        self.assertRegex(lines[2], r"^polymux: state limits max_connections=0 idle_timeout=60.000 "
                                   r"drain_timeout=10.000 max_buffer=65536$")
        self.assertRegex(lines[3], r"^polymux: state counters active=1 accepted=1 closed=0 .*"
                                   r"\bbytes_in=5 bytes_out=[05] ")
        # Nobody has noticed.
        self.assertEqual(e2e.round_trip(client, b"more"), b"MORE")
        for pid in e2e.processes_below(server.pid):
            os.kill(pid, signal.SIGUSR1)
        self.assertEqual(e2e.round_trip(client, b"again"), b"AGAIN")
        client.close()
        self.assertTrue(server.serves())
        server.stop(expect_silence=False)

    def test_user_is_changed_after_binding(self):
        need_root(self)
        nobody = pwd.getpwnam("nobody")
        with tempfile.TemporaryDirectory() as folder:
            # Where root alone may bind.
            path = f"{folder}/socket"
            server = e2e.Server(self, "--user", "nobody", listen=["127.0.0.1:0", f"unix:{path}"])

            self.assertTrue(server.serves())
            for pid in [server.pid, *e2e.processes_below(server.pid)]:
                status = Path(f"/proc/{pid}/status").read_text()
                ids = [nobody.pw_uid] * 4
                self.assertEqual(numbers(status, "Uid"), ids)
                self.assertEqual(numbers(status, "Gid"), [nobody.pw_gid] * 4)
                self.assertEqual(set(numbers(status, "Groups")),
                                 set(os.getgrouplist("nobody", nobody.pw_gid)))
                for kind in "CapPrm", "CapEff", "CapAmb":
                    self.assertRegex(status, rf"(?m)^{kind}:\s*0+$")
                for task in Path(f"/proc/{pid}/task").iterdir():
                    self.assertEqual(numbers((task / "status").read_text(), "Uid"), ids)
            server.stop()


def numbers(status, field):
    return [int(number) for number in re.search(rf"(?m)^{field}:(.*)$", status).group(1).split()]


def need_root(test):
    e2e.need_proc()
    if os.geteuid() != 0:
        test.skipTest("only root can become another user")
    if e2e.SANITIZED:
        test.skipTest("LeakSanitizer cannot look into a process that has changed its user")


class Operation(unittest.TestCase):
    RUNS_ONCE = True

    def expect_refusal(self, code, arguments, *said, **more):
        """Ends with `code`, prints nothing, and says one line with each of `said` in it."""
        process = e2e.Process(self, ["serve", *arguments], **more)
        self.check_refusal(process, code, said)

    def check_refusal(self, process, code, said):
        self.assertEqual(process.wait(), code, process.stderr())
        self.assertEqual(process.process.stdout.read(), b"")
        self.assertRegex(process.stderr(), r"\Apolymux: [^\n]+\n\Z")
        for text in said:
            self.assertIn(text, process.stderr())

    # Sockets that others have opened.

    def test_operation_wrong_socket_variables(self):
        def expect(name, value, *said):
            with listening() as one:
                process = Activated(self, [one], environment={name: value})
                self.check_refusal(process, 2, [name, f"'{value}'", *said])

        for value in "0", "x", "-1", "":
            expect("LISTEN_FDS", value, "from 1 to 1024")
        for value in "0", "x", "":
            expect("LISTEN_PID", value)
        expect("LISTEN_FDNAMES", "one:two", "a name for each of the 1 sockets")

    def test_operation_sockets_of_another_process_are_left_alone(self):
        with listening() as one:
            server = Activated(self, [one], environment={"LISTEN_PID": "1"})
            address, = server.addresses(1)
            self.assertNotEqual(address, f"127.0.0.1:{one.getsockname()[1]}")

    def test_operation_what_was_passed_and_is_no_listener(self):
        left, right = socket.socketpair()
        with left, right:
            self.check_refusal(Activated(self, [left]), 2,
                               ["fd:3", "no stream socket that listens"])
        with listening() as one:
            process = Activated(self, [one], environment={"LISTEN_FDS": "2"})
            self.check_refusal(process, 2, ["fd:4", "nothing is open there"])

    def test_operation_descriptor_as_an_address(self):
        with listening() as one:
            server = Activated(self, [one], "--listen", "fd:3",
                               environment={"LISTEN_PID": "1"})
            self.assertEqual(server.addresses(1), [f"127.0.0.1:{one.getsockname()[1]}"])
            self.check_refusal(Activated(self, [one], "--listen", "fd:3"), 2, ["fd:3", "twice"])
            self.check_refusal(
                Activated(self, [one], "--model", "multi-reactor", "--balance", "reuseport"), 1,
                ["fd:3", "--balance reuseport"])
        for address in "fd:", "fd:2", "fd:x", "fd:-1", "fd:3:4", "fd:99999999999":
            self.expect_refusal(2, ["--listen", address], f"'{address}'", "as fd:3")

    def test_operation_datagram_socket_of_a_service_manager(self):
        e2e.MODEL = "udp"
        with listening(kind=socket.SOCK_DGRAM) as one:
            address = one.getsockname()
            server = Activated(self, [one])
            self.assertEqual(server.addresses(1), ["127.0.0.1:%d" % address[1]])
            self.assertEqual(ask(socket.AF_INET, address, socket.SOCK_DGRAM), b"HELLO")
        with listening() as one, socket.socket(type=socket.SOCK_DGRAM) as unbound:
            for wrong in one, unbound:
                self.check_refusal(Activated(self, [wrong]), 2, ["fd:3", "UDP"])

    # Service managers.

    def test_operation_abstract_notify_socket(self):
        if not sys.platform.startswith("linux"):
            self.skipTest("only Linux has abstract sockets")
        manager = Manager(self, abstract=True)
        server = e2e.Server(self, environment=manager.environment())

        self.assertEqual(manager.next()["READY"], "1")
        server.stop()
        self.assertEqual(manager.next(), {"STOPPING": "1"})

    def test_operation_wrong_manager_variables(self):
        for value in "relative", "vsock:2:1", "/no/such/folder/socket", "/" + "x" * 200:
            self.expect_refusal(2, [], "NOTIFY_SOCKET", f"'{value}'",
                                environment={"NOTIFY_SOCKET": value})
        manager = Manager(self)
        for value in "0", "x", "-1", "":
            self.expect_refusal(2, [], "WATCHDOG_USEC", f"'{value}'",
                                environment=manager.environment(WATCHDOG_USEC=value))

    def test_operation_watchdog_of_another_process(self):
        manager = Manager(self)
        server = e2e.Server(self, environment=manager.environment(WATCHDOG_USEC="20000",
                                                                  WATCHDOG_PID="1"))
        self.assertEqual(manager.next()["READY"], "1")
        server.stop()
        self.assertEqual(manager.next(), {"STOPPING": "1"})

    def test_operation_a_server_that_hangs_is_not_alive(self):
        e2e.need_proc()
        manager = Manager(self)
        server = e2e.Server(self, environment=manager.environment(WATCHDOG_USEC="100000"))
        self.assertEqual(manager.next()["READY"], "1")
        server.signal(signal.SIGSTOP)
        e2e.eventually(self, lambda: e2e.stat_of(server.pid)[:1] == ["T"], "it is stopped")
        with contextlib.suppress(BlockingIOError):
            manager.socket.setblocking(False)
            while manager.socket.recv(4096):
                pass
        manager.socket.settimeout(0.3)

        with self.assertRaises(socket.timeout):
            manager.next()

        server.signal(signal.SIGCONT)
        manager.socket.settimeout(10 * e2e.SLOW)
        self.assertEqual(manager.next(), {"WATCHDOG": "1"})
        server.stop()

    def test_operation_prefork_tells_that_it_reloads(self):
        manager = Manager(self)
        server = e2e.Server(self, "--model", "prefork-reactor", environment=manager.environment())
        self.assertEqual(manager.next()["READY"], "1")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

        server.signal(signal.SIGHUP)

        message = manager.next()
        self.assertEqual(message["RELOADING"], "1")
        self.assertGreaterEqual(int(message["MONOTONIC_USEC"]), before)
        self.assertEqual(manager.next(), {"READY": "1"})
        self.assertTrue(server.serves())
        server.stop(expect_silence=False)
        self.assertEqual(manager.next(), {"STOPPING": "1"})

    def test_operation_nobody_is_told_of_a_server_that_cannot_listen(self):
        manager = Manager(self)
        with listening() as taken:
            port = taken.getsockname()[1]
            self.expect_refusal(1, ["--listen", f"127.0.0.1:{port}"], "in use",
                                environment=manager.environment())
        manager.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            manager.next()

    # Files and users.

    def test_operation_rights_of_a_socket_file(self):
        for mode, mask in ("0660", 0o022), ("600", 0o000), ("0777", 0o077):
            with self.subTest(mode=mode), tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/socket"
                server = e2e.Server(self, "--unix-mode", mode, listen=[f"unix:{path}"],
                                    prepare=lambda mask=mask: os.umask(mask))
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), int(mode, 8))
                self.assertEqual(ask(socket.AF_UNIX, path), b"HELLO")
                server.stop()

    def test_operation_wrong_rights(self):
        for mode in "6", "0o660", "1777", "888", "rw-rw----", "-660":
            self.expect_refusal(2, [f"--unix-mode={mode}"], "--unix-mode", f"'{mode}'", "0660")

    def test_operation_wrong_user(self):
        self.expect_refusal(2, ["--user", "no-such-user"], "--user", "'no-such-user'")
        self.expect_refusal(2, ["--user", "root"], "--user", "'root' is root")
        self.expect_refusal(2, ["--user", "nobody", "--group", "no-such-group"], "--group",
                            "'no-such-group'")
        self.expect_refusal(2, ["--group", "nogroup"], "--group", "--user")

    def test_operation_user_without_root(self):
        if os.geteuid() != 0:
            self.expect_refusal(1, ["--user", "nobody"], "only root")
            return
        need_root(self)
        def become_other():
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        try:
            process = e2e.Process(self, ["serve", "--user", "nobody"], prepare=become_other)
        except PermissionError:
            self.skipTest("another user cannot run the command where it is")
        self.check_refusal(process, 1, ["--user nobody", "only root"])

    def test_operation_group_replaces_the_users_own(self):
        need_root(self)
        server = e2e.Server(self, "--user", "nobody", "--group", "1")
        status = Path(f"/proc/{server.pid}/status").read_text()
        self.assertEqual(numbers(status, "Gid"), [1] * 4)
        self.assertNotIn(0, numbers(status, "Groups"))
        self.assertTrue(server.serves())
        server.stop()

    # A file of options.

    def write(self, text):
        """A file with that in it."""
        file = tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def test_operation_file_of_options(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/socket"
            file = self.write("# where\n"
                              f"listen = ['127.0.0.1:0', \"unix:{path}\"]\n"
                              "model = \"multi-reactor\"\nbackend = 'poll'\n"
                              "threads = 2\nbalance = \"round-robin\"\n"
                              "unix-mode = \"0600\"\nidle-timeout = 0.25\nmax-connections = 1\n")
            server = e2e.Process(self, ["serve", "--config", file])
            lines = [server.read_line() for _ in range(2)]

            self.assertEqual(lines[1], f"listening on unix:{path} model=multi-reactor backend=poll")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
                first.settimeout(10 * e2e.SLOW)
                second.settimeout(10 * e2e.SLOW)
                first.connect(path)
                self.assertEqual(e2e.round_trip(first, b"a"), b"A")
                second.connect(path)
                self.assertEqual(second.recv(1), b"", "the second one is beyond the limit")
                self.assertEqual(first.recv(1), b"", "the first one is idle")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0, server.stderr())

    def test_operation_command_line_wins_over_the_file(self):
        file = self.write('model = "thread"\nlisten = "127.0.0.1:1"\nstats-interval = 0.01\n')
        server = e2e.Server(self, "--config", file, "--model", "iterative",
                            "--stats-interval", "0")

        self.assertTrue(server.serves())
        server.stop()

    def test_operation_wrong_files_of_options(self):
        for text, *said in (
                ("\nno-such = 1", "line 2", "'no-such'", "idle-timeout"),
                ("config = 'x'", "line 1", "'config'"),
                ("idle-timeout = '60'", "line 1", "'idle-timeout' takes a number", "= 60"),
                ("idle-timeout = true", "line 1", "takes a number"),
                ("idle-timeout = -1", "line 1", "'-1' is not a number of seconds"),
                ("max-connections = 1.5", "line 1", "'1.5' is not a whole number"),
                ("model = 1", "line 1", "'model' takes a string"),
                ("model = ['reactor']", "line 1", "'model' takes a string"),
                ("listen = 8080", "line 1", "array of strings"),
                ("unix-mode = 660", "line 1", "takes a string"),
                ("unix-mode = '888'", "line 1", "octal digits"),
                ("[serve]", "line 1", "no tables"), ("nonsense", "line 1", "key = value"),
                ("model = 'nonsense'", "line 1", "reactor"),
                ("threads = 2", "--threads is not for the model 'reactor'"),
                ("model = 'fork'\nmetrics = '127.0.0.1:0'", "--metrics"),
                ("group = 'nogroup'", "--group", "--user"),
                ("user = 'no-such-user'", "'no-such-user'"),
                ("listen = 'nonsense'", "is not an address")):
            with self.subTest(text=text):
                self.expect_refusal(2, ["--config", self.write(text)], *said)
        self.expect_refusal(2, ["--config", "/no/such/file"], "/no/such/file", "No such file")
        self.expect_refusal(2, ["--config", "/"], "cannot be read")

    # What is said.

    def test_operation_state_names_each_part(self):
        for options, pattern in (
                (["--model", "multi-reactor", "--threads", "2"], r"state thread [01] active=(\d+)"),
                (["--model", "prefork-reactor", "--processes", "2"],
                 r"state worker \d+ phase=serving generation=0 active=(\d+)")):
            with self.subTest(options=options):
                server = e2e.Server(self, *options)
                clients = [server.connect() for _ in range(6)]
                for client in clients:
                    self.assertEqual(e2e.round_trip(client, b"a"), b"A")
                server.signal(signal.SIGUSR1)
                e2e.eventually(self, lambda: len(re.findall(pattern, server.stderr())) == 2,
                               "two parts")
                self.assertEqual(sum(map(int, re.findall(pattern, server.stderr()))), 6)
                server.stop(expect_silence=False)

    def test_operation_log_of_what_peers_do(self):
        server = e2e.Server(self, "--log-level", "info", "--max-connections", "1")
        kept = server.connect()
        self.assertEqual(e2e.round_trip(kept, b"a"), b"A")
        for client in [server.connect() for _ in range(200)]:
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(client.recv(1), b"")

        def refused():
            found = re.findall(r"^polymux: (\d+) clients were refused, for --max-connections$",
                               server.stderr(), re.MULTILINE)
            return [int(count) for count in found]
        e2e.eventually(self, lambda: sum(refused()) == 200, "each is counted")
        # One a second, and however slow this machine is.
        self.assertLess(len(refused()), 100)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        lines = server.stderr().splitlines()
        self.assertEqual(lines[0], f"polymux: listening on {server.addresses[0]}")
        self.assertEqual(lines[-1], "polymux: ending")

    def test_operation_log_in_json(self):
        probe = e2e.Process(self, ["serve", "--log-format", "json", "--listen", "nonsense"])
        self.assertEqual(probe.wait(), 2)
        if "this build has text alone" in probe.stderr():
            self.skipTest(probe.stderr())
        line = json.loads(probe.stderr())
        self.assertEqual(line["level"], "error")
        self.assertIn("'nonsense' is not an address", line["message"])

        server = e2e.Server(self, "--log-format", "json", "--log-level", "info",
                            "--stats-interval", "0.05")
        e2e.eventually(self, lambda: "stats active" in server.stderr(), "a line of counters")
        server.signal(signal.SIGUSR1)
        e2e.eventually(self, lambda: "state counters" in server.stderr(), "the state")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 0)
        for text in server.stderr().splitlines():
            line = json.loads(text)
            self.assertEqual(sorted(line), ["level", "message", "pid", "time"])
            self.assertEqual(line["pid"], server.pid)
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_operation_log_level(self):
        file = self.write('log-level = "error"\n')
        server = e2e.Server(self, "--config", file, "--model", "prefork-reactor",
                            "--processes", "1", "--stats-interval", "0.05")
        e2e.need_proc()
        before = e2e.processes_below(server.pid)
        os.kill(before[0], signal.SIGKILL)
        e2e.eventually(self, lambda: set(e2e.processes_below(server.pid)) - set(before) and
                       server.serves(), "another worker")
        e2e.eventually(self, lambda: "stats" in server.stderr(), "what was asked for is told")
        self.assertNotIn("worker", server.stderr())
        server.stop(expect_silence=False)
        for option, wrong in ("--log-level", "loud"), ("--log-format", "xml"):
            self.expect_refusal(2, [option, wrong], option, wrong)
