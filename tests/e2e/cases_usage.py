"""What the command says, and the codes it ends with. The backend does not matter here."""

import json
import os
import re
import shutil
import socket
import subprocess
import unittest
from pathlib import Path

import e2e_support as e2e


class Usage(unittest.TestCase):
    RUNS_ONCE = True

    def run_polymux(self, *arguments, **more):
        """Exit code, stdout, stderr."""
        process = e2e.Process(self, arguments, **more)
        code = process.wait()
        return code, process.process.stdout.read().decode(), process.stderr()

    def expect_refusal(self, code, arguments, *said, **more):
        """Ends with `code`, prints nothing, and says one line with each of `said` in it."""
        with self.subTest(arguments=arguments):
            actual, output, errors = self.run_polymux(*arguments, **more)
            self.assertEqual(actual, code, errors)
            self.assertEqual(output, "")
            self.assertRegex(errors, r"\Apolymux: [^\n]+\n\Z")
            for text in said:
                self.assertIn(text, errors)

    def test_wrong_addresses(self):
        for address, said in {
                "": "no port", "nonsense": "no port", "127.0.0.1": "no port",
                ":8080": "no host", "127.0.0.1:": "port ''", "127.0.0.1:http": "port 'http'",
                "127.0.0.1:65536": "65535", "127.0.0.1:-1": "65535", "127.0.0.1:+1": "65535",
                "127.0.0.1:1 ": "65535", "127.0.0.1:99999999999999999999": "65535",
                "256.0.0.1:0": "IPv4", "1.2.3:0": "IPv4", "::1:80": "brackets",
                "[::1]": "no port", "[::1]x:80": "no port", "[::1": "bracket",
                "[::g]:80": "IPv6", "[127.0.0.1]:80": "IPv6", "a b:80": "host name",
                "http://x:80": "brackets", "new\nline:80": "host name", "é:80": "host name",
                "x" * 300 + ":80": "host name", "unix:": "no path",
                "unix:/" + "x" * 200: "at most", "unix:@": "no path",
        }.items():
            self.expect_refusal(2, ["serve", "--listen", address], "is not an address", said)

    def test_wrong_numbers(self):
        for option in "--idle-timeout", "--drain-timeout", "--stats-interval":
            for value in "-1", "abc", "", "nan", "inf", "1e3", "0x10", "1s", "1000000001", "1..2":
                self.expect_refusal(2, ["serve", option, value], option)
            self.expect_refusal(2, ["serve", f"{option}=-1"], option, "'-1'")
        for option, least in ("--max-connections", 0), ("--max-buffer", 1):
            for value in str(least - 1), "abc", "1.5", "99999999999999999999", "0x10", "1 ":
                self.expect_refusal(2, ["serve", option, value], option)

    def test_wrong_words(self):
        self.expect_refusal(2, ["serve", "--model", "nonsense"], "--model", "reactor,proactor")
        self.expect_refusal(2, [], "subcommand")
        self.expect_refusal(2, ["nonsense"], "nonsense")
        self.expect_refusal(2, ["--nonsense"], "nonsense")
        for command in "serve", "backends", "probe", "version":
            self.expect_refusal(2, [command, "--nonsense"], "--nonsense")
            self.expect_refusal(2, [command, "nonsense"], "nonsense")
        for option in "--listen", "--backend", "--max-buffer", "--idle-timeout":
            self.expect_refusal(2, ["serve", option], option)

    def test_unknown_backend(self):
        self.expect_refusal(2, ["serve", "--backend", "nope"], "'nope'", "available here")
        self.expect_refusal(2, ["serve", "--backend", ""], "''", "available here")
        self.expect_refusal(2, ["serve"], "'nonsense'", "POLYMUX_BACKEND", "available here",
                            environment={"POLYMUX_BACKEND": "nonsense"})

    def test_backend_of_the_environment(self):
        code, listing, _ = self.run_polymux("backends", "--json")
        self.assertEqual(code, 0)
        names = [entry["name"] for entry in json.loads(listing)["backends"] if entry["available"]]

        for name in names:
            server = e2e.Process(self, ["serve"], environment={"POLYMUX_BACKEND": name})
            self.assertTrue(server.read_line().endswith(f" backend={name}"))
        server = e2e.Process(self, ["serve", "--backend", names[-1]],
                             environment={"POLYMUX_BACKEND": "nonsense"})
        self.assertTrue(server.read_line().endswith(f" backend={names[-1]}"))

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.expect_refusal(1, ["serve", "--listen", f"127.0.0.1:{port}"],
                                f"127.0.0.1:{port}", "in use")
            # No line is printed for an address that could be bound while another cannot.
            self.expect_refusal(1, ["serve", "--listen", "127.0.0.1:0",
                                    "--listen", f"127.0.0.1:{port}"], "in use")

    def test_no_permission_for_the_port(self):
        first_free = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        if not first_free.exists() or int(first_free.read_text()) <= 80:
            self.skipTest("any port is allowed here")
        if os.geteuid() != 0:
            self.expect_refusal(1, ["serve", "--listen", "127.0.0.1:80"], "ermission denied")
            return
        # root may bind it; the same command without root's rights may not.
        other = ["--reuid=65534", "--regid=65534", "--clear-groups", e2e.POLYMUX]
        self.skip_unless_runs(other)
        self.expect_refusal(1, [*other, "serve", "--listen", "127.0.0.1:80"], "ermission denied",
                            program="setpriv")

    def skip_unless_runs(self, other):
        if shutil.which("setpriv") is None:
            self.skipTest("this runs as root, and setpriv is not installed")
        done = subprocess.run(["setpriv", *other, "version"], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            self.skipTest("another user cannot run the command where it is")

    def test_host_that_does_not_resolve(self):
        self.expect_refusal(1, ["serve", "--listen", "no-such-host.invalid:0"],
                            "no-such-host.invalid", "does not resolve")

    def test_address_of_another_machine(self):
        # TEST-NET-1 of RFC 5737, which nobody has.
        self.expect_refusal(1, ["serve", "--listen", "192.0.2.1:0"], "192.0.2.1:0")

    def test_folder_that_is_not_there(self):
        self.expect_refusal(1, ["serve", "--listen", "unix:/no/such/folder/socket"],
                            "unix:/no/such/folder/socket", "No such file")

    def test_stdout_that_takes_nothing(self):
        for arguments in ["version"], ["--version"], ["--help"], ["backends"], ["serve"]:
            with self.subTest(arguments=arguments):
                done = self.run_into_closed_pipe(arguments)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr.decode(),
                                 r"\Apolymux: cannot write to stdout: [^\n]+\n\Z")

    @staticmethod
    def run_into_closed_pipe(arguments):
        reader, writer = os.pipe()
        os.close(reader)
        try:
            return subprocess.run([e2e.POLYMUX, *arguments], stdin=subprocess.DEVNULL,
                                  stdout=writer, stderr=subprocess.PIPE, check=False,
                                  timeout=10 * e2e.SLOW)
        finally:
            os.close(writer)

    def test_closed_standard_descriptors(self):
        # A socket that got number 1 or 2 would be printed into.
        server = e2e.Process(self, ["-c", 'exec "$0" serve 0<&- 1>&- 2>&-', e2e.POLYMUX],
                             program="/bin/sh")

        self.assertEqual(server.wait(), 1)

    def test_help_everywhere(self):
        for arguments in (["--help"], ["serve", "--help"], ["backends", "--help"],
                          ["version", "--help"], ["serve", "-h"], ["load", "--help"],
                          ["conformance", "--help"]):
            with self.subTest(arguments=arguments):
                code, output, errors = self.run_polymux(*arguments)
                self.assertEqual((code, errors), (0, ""))
                self.assertIn("Usage: polymux", output)

    def test_version(self):
        for arguments in ["version"], ["--version"]:
            code, output, errors = self.run_polymux(*arguments)
            self.assertEqual((code, errors), (0, ""))
            self.assertRegex(output, r"\Apolymux \d+\.\d+\.\d+\n\Z")

    def test_backends(self):
        code, text, errors = self.run_polymux("backends")
        json_code, output, json_errors = self.run_polymux("backends", "--json")

        self.assertEqual((code, errors, json_code, json_errors), (0, "", 0, ""))
        listing = json.loads(output)
        names = [entry["name"] for entry in listing["backends"]]
        self.assertIn(listing["chosen"], names)
        self.assertEqual([entry["name"] for entry in listing["backends"] if entry["default"]],
                         [listing["chosen"]])
        for entry in listing["backends"]:
            self.assertTrue(re.search(rf"^{entry['name']}\b", text, re.MULTILINE), entry["name"])
            self.assertEqual(entry["available"], entry["reason"] == "")
            self.assertEqual(entry["available"], entry["capabilities"] is not None)
            is_noted = re.search(rf"^{entry['name']}\b.*\(only by name\)$", text, re.MULTILINE) is not None
            self.assertEqual(is_noted, entry["available"] and entry["by_name_only"])
            self.assertFalse(entry["by_name_only"] and entry["default"])

    def test_backends_with_a_wrong_environment(self):
        code, output, errors = self.run_polymux("backends", "--json",
                                                environment={"POLYMUX_BACKEND": "nonsense"})

        self.assertEqual(code, 2)
        self.assertIsNone(json.loads(output)["chosen"])
        self.assertRegex(errors, r"\Apolymux: POLYMUX_BACKEND: [^\n]*'nonsense'[^\n]*\n\Z")
