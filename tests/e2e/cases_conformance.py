"""`polymux conformance`: the table of rules and backends, in each of its forms."""

import json
import os
import pty
import re
import resource
import signal
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import e2e_support as e2e

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs/schemas/conformance.schema.json"
CONTRACT = ROOT / "docs/contract.md"


class Conformance(unittest.TestCase):
    RUNS_ONCE = True

    def setUp(self):
        self.backend = next(entry["name"] for entry in self.backends() if entry["available"])

    @staticmethod
    def backends():
        output = subprocess.run([e2e.POLYMUX, "backends", "--json"], check=False,
                                    stdout=subprocess.PIPE, timeout=60).stdout
        return json.loads(output)["backends"]

    def run_suite(self, *arguments, **more):
        """Exit code, stdout, stderr."""
        process = e2e.Process(self, ["conformance", *arguments], **more)
        output, _ = process.process.communicate(timeout=100 * e2e.SLOW)
        return process.wait(), output.decode(), process.stderr()

    def run_json(self, *arguments, code=0, **more):
        actual, output, errors = self.run_suite("--json", *arguments, **more)
        self.assertEqual((actual, errors), (code, ""), output)
        return json.loads(output)

    def test_conformance_lists_the_rules_of_the_contract(self):
        code, output, errors = self.run_suite("--list")

        self.assertEqual((code, errors), (0, ""))
        stated = re.findall(r"^### ([A-Z]+-\d+) (.*)$", CONTRACT.read_text(encoding="utf-8"), re.M)
        self.assertEqual([tuple(line.split("  ", 1)) for line in output.splitlines()], stated)
        self.assertGreaterEqual(len(stated), 90)

    def test_conformance_json_has_every_rule_and_backend_and_fits_its_schema(self):
        if e2e.SANITIZED:
            self.skipTest("takes long with a sanitizer, where each rule is a test of its own")
        table = self.run_json("--jobs", "8")

        there = {entry["name"] for entry in self.backends() if entry["available"]}
        self.assertEqual({entry["name"] for entry in table["backends"]}, there)
        absent = {entry["name"] for entry in self.backends() if not entry["available"]}
        self.assertEqual({entry["name"] for entry in table["missing"]}, absent)
        listed = [line.split()[0] for line in self.run_suite("--list")[1].splitlines()]
        self.assertEqual([rule["id"] for rule in table["rules"]], listed)
        for entry in table["backends"]:
            results = [rule["cells"][entry["name"]]["result"] for rule in table["rules"]]
            for result in "pass", "fail", "not_applicable", "known_departure":
                self.assertEqual(results.count(result), entry[result], (entry, result))
            self.assertGreater(entry["pass"], 90)
        for rule in table["rules"]:
            for name, cell in rule["cells"].items():
                if cell["result"] != "pass":
                    self.assertTrue(cell["reasons"], (rule["id"], name))
        self.check_schema(table)

    def check_schema(self, table):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("Python has no jsonschema; what does not need it has been checked")
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
        jsonschema.Draft7Validator.check_schema(schema)
        jsonschema.validate(table, schema)
        # A schema that takes anything would have taken that.
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate({**table, "rules": []}, schema)

    def test_conformance_runs_what_it_is_asked_for(self):
        table = self.run_json("--backend", self.backend, "--rule", "add-3", "--rule", "NONE",
                              "--repeat", "3")

        self.assertEqual([entry["name"] for entry in table["backends"]], [self.backend])
        groups = {rule["id"].split("-")[0] for rule in table["rules"]}
        self.assertEqual(groups, {"ADD", "NONE"})
        self.assertEqual([rule["id"] for rule in table["rules"] if "ADD" in rule["id"]], ["ADD-3"])
        self.assertEqual(table["repeats"], 3)
        for rule in table["rules"]:
            for test in rule["cells"][self.backend]["tests"]:
                self.assertEqual((test["passed"], test["failed"]), (3, 0), test)

    def test_conformance_text_and_markdown_name_rules_and_backends(self):
        arguments = ["--backend", self.backend, "--rule", "ADD-3"]
        code, text, errors = self.run_suite(*arguments)
        self.assertEqual((code, errors), (0, ""))
        self.assertRegex(text, r"(?m)^ADD-3  Regular files .* pass$")
        self.assertRegex(text, rf"(?m)^{self.backend}  1 pass, 0 fail, 0 not applicable$")

        code, text, errors = self.run_suite("--markdown", *arguments)
        self.assertEqual((code, errors), (0, ""))
        self.assertRegex(text, r"(?m)^\| ADD-3 \| Regular files .* \| pass \|$")

    def test_conformance_writes_junit(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xml"
            code, output, errors = self.run_suite("--backend", self.backend, "--rule", "CAP",
                                                  "--junit", str(path))
            self.assertEqual((code, errors), (0, ""))
            suites = ElementTree.parse(path).getroot()
        self.assertIn("CAP-1", output)
        suite, = suites
        cases = suite.findall("testcase")
        self.assertEqual(len(cases), int(suite.get("tests")))
        self.assertEqual(suite.get("failures"), "0")
        self.assertEqual(len(suite.findall(".//skipped")), int(suite.get("skipped")))
        self.assertIn("Cap1CapabilitiesStayTheSame", [case.get("name") for case in cases])

    def test_conformance_that_fails_says_so_and_exits_with_1(self):
        # Nothing can be opened, so nothing can be kept.
        few = [(resource.RLIMIT_NOFILE, (7, 7))]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xml"
            table = self.run_json("--backend", self.backend, "--rule", "ADD-1", "--jobs", "1",
                                  "--junit", str(path), code=1, limits=few)
            self.assertEqual(len(ElementTree.parse(path).findall(".//failure")),
                             len(table["rules"][0]["cells"][self.backend]["tests"]))
        self.assertTrue(table["failed"])
        self.assertEqual(table["rules"][0]["cells"][self.backend]["result"], "fail")
        self.assertTrue(table["rules"][0]["cells"][self.backend]["reasons"][0])

    def test_conformance_refuses_what_it_does_not_know(self):
        for arguments, said in (
                (["--backend", "devpoll"], ["devpoll", self.backend]),
                (["--rule", "ADD-999"], ["ADD-999", "CLOSE", "--list"]),
                (["--rule", ""], ["there is no rule"]),
                (["--repeat", "0"], ["--repeat", "0"]),
                (["--repeat", "many"], ["--repeat", "many"]),
                (["--json", "--markdown"], ["--json", "--markdown"]),
                (["everything"], ["everything"])):
            with self.subTest(arguments=arguments):
                code, output, errors = self.run_suite(*arguments)
                self.assertEqual((code, output), (2, ""), errors)
                self.assertRegex(errors, r"\Apolymux: [^\n]+polymux conformance --help'\n\Z")
                for text in said:
                    self.assertIn(text, errors)

    def test_conformance_says_what_it_cannot_write(self):
        code, output, errors = self.run_suite("--rule", "ADD-3", "--junit", "/nowhere/report.xml")
        self.assertEqual((code, output), (1, ""))
        self.assertIn("/nowhere/report.xml", errors)

        full = os.open("/dev/full", os.O_WRONLY) if os.path.exists("/dev/full") else None
        if full is None:
            self.skipTest("there is no /dev/full")
        self.addCleanup(os.close, full)
        done = subprocess.run([e2e.POLYMUX, "conformance", "--list"], stdout=full, check=False,
                                  stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write to stdout", done.stderr)

    def test_conformance_help(self):
        code, output, errors = self.run_suite("--help")
        self.assertEqual((code, errors), (0, ""))
        for option in "--backend", "--rule", "--repeat", "--jobs", "--json", "--junit", "--markdown":
            self.assertIn(option, output)
        self.assertIn("Usage: polymux conformance", output)

    def test_conformance_ends_when_it_is_interrupted(self):
        process = e2e.Process(self, ["conformance", "--repeat", "1000"])
        # It has children once it has begun.
        self.wait_for_children(process.process.pid)
        process.process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), 1)
        self.assertIn("interrupted", process.stderr())

    def wait_for_children(self, pid):
        path = Path(f"/proc/{pid}/task/{pid}/children")
        if not path.exists():
            self.skipTest("the system does not list children in /proc")
        deadline = e2e.deadline_in(30)
        while not path.read_text(encoding="ascii").split():
            self.assertGreater(e2e.left_until(deadline), 0)

    def test_conformance_shows_progress_on_a_terminal_only(self):
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        subprocess.run([e2e.POLYMUX, "conformance", "--backend", self.backend, "--rule", "ADD-3"],
                           stdout=subprocess.DEVNULL, stderr=terminal, check=True, timeout=60)
        os.close(terminal)
        shown = os.read(master, 4096).decode()
        self.assertRegex(shown, r"\[1/\d+\] " + self.backend + r"\.Add3")
        self.assertTrue(shown.endswith("\r\x1b[K"), repr(shown))
