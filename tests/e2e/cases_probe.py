"""`polymux probe`: what it says of the kernel that it runs on, and in which form."""

import json
import os
import platform
import re
import resource
import subprocess
import time
import unittest
from pathlib import Path

import e2e_support as e2e

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs/schemas/probe.schema.json"
BACKENDS = ROOT / "docs/backends.md"
INTERESTS = {"all", "read", "none"}


class Probe(unittest.TestCase):
    RUNS_ONCE = True

    def run_probe(self, *arguments, **more):
        """Exit code, stdout, stderr."""
        process = e2e.Process(self, ["probe", *arguments], **more)
        output, _ = process.process.communicate(timeout=60 * e2e.SLOW)
        return process.wait(), output.decode(), process.stderr()

    def probe(self, *arguments, **more):
        """The whole JSON of a run that succeeds."""
        code, output, errors = self.run_probe("--json", *arguments, **more)
        self.assertEqual((code, errors), (0, ""))
        return json.loads(output)

    def answers(self, *arguments):
        """{(kind, situation, multiplexer, interest): text}"""
        return {(row["kind"], row["situation"], answer["multiplexer"], answer["interest"]):
                answer["text"] for row in self.probe(*arguments)["rows"]
                for answer in row["answers"]}

    def need_linux(self):
        if platform.system() != "Linux":
            self.skipTest("facts of Linux")

    def expect(self, kind, expected, interest="all"):
        """{situation: {multiplexer: text}} of one kind, in one run; several texts as a set."""
        self.need_linux()
        options = [word for name in expected for word in ("--situation", name)]
        found = self.answers("--kind", kind, "--interest", interest, *options)
        for situation, texts in expected.items():
            for multiplexer, text in texts.items():
                with self.subTest(kind=kind, situation=situation, multiplexer=multiplexer):
                    actual = found[kind, situation, multiplexer, interest]
                    self.assertIn(actual, text if isinstance(text, set) else {text})

    # Facts of Linux, from its manual pages.

    def test_probe_files_have_no_readiness(self):
        # epoll_ctl(2), EPERM; select(2) and poll(2) call them ready.
        always = {"select": "read,write", "poll": "IN|OUT", "epoll": "refused: EPERM",
                  "epoll-edge": "refused: EPERM", "sigio": "nothing"}
        for kind in "file", "directory", "null", "zero":
            self.expect(kind, {"idle": always})
        self.expect("random", {"idle": {"epoll": {"IN", "IN|OUT"}}})

    def test_probe_end_of_stream(self):
        # poll(2): POLLRDHUP for a half-close; POLLHUP when both directions are done.
        half = {"select": "read,write", "poll": "IN|OUT|RDHUP", "epoll": "IN|OUT|RDHUP",
                "epoll-edge": "IN|OUT|RDHUP"}
        both = {"select": "read,write", "poll": "IN|OUT|RDHUP|HUP", "epoll": "IN|OUT|RDHUP|HUP"}
        for kind in "tcp", "unix-stream":
            self.expect(kind, {"peer-half-closed": half, "both-half-closed": both})
        # A pipe that is drained says POLLHUP alone.
        self.expect("pipe-read", {"peer-closed": {"select": "read", "poll": "HUP", "epoll": "HUP"},
                                  "data-peer-closed": {"poll": "IN|HUP", "epoll": "IN|HUP"}})
        self.expect("pipe-write", {"peer-closed": {"select": "read,write", "poll": "OUT|ERR",
                                                   "epoll": "OUT|ERR"}})

    def test_probe_connections(self):
        broken = {"select": "read,write", "poll": "IN|OUT|RDHUP|HUP|ERR",
                  "epoll": "IN|OUT|RDHUP|HUP|ERR"}
        self.expect("tcp", {
            "never-connected": {"poll": "OUT|HUP", "epoll": "OUT|HUP"},
            "connecting": {"select": "nothing", "poll": "nothing", "epoll": "nothing"},
            "connected": {"select": "write", "poll": "OUT", "epoll-edge": "OUT"},
            "refused": broken, "reset": broken, "data-reset": broken,
            "urgent": {"select": "write,except", "poll": "PRI|OUT", "epoll": "PRI|OUT"},
            "full": {"select": "nothing", "poll": "nothing", "epoll": "nothing"}})
        self.expect("udp", {"refused": {"poll": "OUT|ERR", "epoll": "OUT|ERR"},
                            "data": {"select": "read,write", "poll": "IN|OUT"}})
        self.expect("tcp-listener", {"idle": {"poll": "nothing"}, "backlog": {"poll": "IN"}})

    def test_probe_numbers_that_were_closed(self):
        # epoll(7): an entry lives on while a duplicate of the descriptor is open.
        for kind, said in ("tcp", "IN|OUT"), ("unix-stream", "IN|OUT"), ("pipe-read", "IN"):
            self.expect(kind, {
                "closed-number": {"select": "failed: EBADF", "poll": "NVAL", "epoll": "nothing"},
                "dup-closed": {"select": "failed: EBADF", "poll": "NVAL", "epoll": said},
                "reused": {"poll": "IN", "epoll": "nothing", "epoll-edge": "nothing"}})

    def test_probe_what_comes_unasked(self):
        # poll(2): POLLHUP, POLLERR and POLLNVAL are told whatever was asked for; POLLRDHUP is not.
        self.expect("tcp", {"reset": {"poll": "HUP|ERR", "epoll": "HUP|ERR"},
                            "peer-half-closed": {"poll": "nothing", "epoll": "nothing"},
                            "closed-number": {"poll": "NVAL", "epoll": "nothing"}}, "none")
        self.expect("tcp", {"peer-half-closed": {"select": "read", "poll": "IN", "epoll": "IN"},
                            "idle": {"select": "nothing", "poll": "nothing"}}, "read")

    def test_probe_signals(self):
        # fcntl(2), F_SETSIG: each change is a signal; what a file cannot tell, none.
        self.expect("pipe-read", {"idle": {"sigio": "nothing"}, "data": {"sigio": "IN"}})
        self.expect("tcp", {"idle": {"sigio": "nothing"}, "reset": {"sigio": "ERR"}})

    def test_probe_descriptors_of_linux(self):
        self.expect("eventfd", {"idle": {"poll": "OUT"}, "data": {"epoll": "IN|OUT"},
                                "full": {"poll": "IN", "epoll": "IN"}})
        for kind in "timerfd", "signalfd", "inotify", "epoll-handle":
            self.expect(kind, {"idle": {"poll": "nothing"}, "data": {"poll": "IN", "epoll": "IN"}})

    def test_probe_io_uring(self):
        self.need_linux()
        found = self.answers("--kind", "pipe-read", "--multiplexer", "io_uring",
                             "--interest", "read")
        said = found["pipe-read", "data", "io_uring", "read"]
        if said == "failed: EPERM" or said == "failed: ENOSYS":
            self.skipTest(f"io_uring is not allowed here: {said}")
        self.assertEqual(said, "IN")
        # A request in flight holds the file, whatever becomes of the number.
        self.assertEqual(found["pipe-read", "closed-number", "io_uring", "read"], "nothing")
        self.assertEqual(found["pipe-read", "dup-closed", "io_uring", "read"], "IN, then EBADF")

    # The forms.

    def test_probe_json_against_its_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)

        document = self.probe()
        validator.validate(document)

        # And a schema that takes everything would be none.
        for spoil in (lambda d: d.pop("date"), lambda d: d["system"].pop("release"),
                      lambda d: d.update(extra=1), lambda d: d.update(form=2),
                      lambda d: d["rows"][0]["answers"][0].update(outcome="maybe"),
                      lambda d: d["rows"][0]["answers"][0].update(error=7)):
            wrong = json.loads(json.dumps(document))
            spoil(wrong)
            self.assertFalse(validator.is_valid(wrong))

    def test_probe_json_is_whole(self):
        document = self.probe()

        names = {multiplexer["name"] for multiplexer in document["multiplexers"]}
        here = {entry["name"] for entry in document["multiplexers"] if entry["available"]}
        kinds = {kind["name"] for kind in document["kinds"] if kind["available"]}
        self.assertLessEqual({"select", "poll", "epoll", "kqueue", "sigio", "io_uring"}, names)
        self.assertEqual({row["kind"] for row in document["rows"]}, kinds)
        self.assertEqual(document["system"]["name"], platform.system())
        self.assertEqual(document["system"]["release"], platform.release())
        self.assertEqual(document["system"]["machine"], platform.machine())
        for row in document["rows"]:
            asked = {answer["multiplexer"] for answer in row["answers"]}
            self.assertEqual(asked, here, row["kind"])
            said = {answer["interest"] for answer in row["answers"]}
            self.assertEqual(said, INTERESTS)

    def test_probe_table(self):
        code, text, errors = self.run_probe()
        wide_code, wide, _ = self.run_probe("--wide", "--kind", "tcp")

        self.assertEqual((code, errors, wide_code), (0, "", 0))
        lines = text.splitlines()
        self.assertTrue(lines[0].startswith(f"{platform.system()} {platform.release()}, "))
        self.assertLessEqual(max(map(len, lines)), 100)
        self.assertRegex(text, r"(?m)^tcp: a TCP socket$")
        row = next(line for line in wide.splitlines() if line.startswith("  peer-half-closed "))
        self.assertIn(" read,write ", row)

    def test_probe_markdown(self):
        code, text, errors = self.run_probe("--markdown", "--kind", "pipe-read")

        self.assertEqual((code, errors), (0, ""))
        rows = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len({row.count("|") for row in rows}), 1, text)
        self.assertRegex(text, r"(?m)^\| pipe-read \| idle \| nothing \| nothing \|")

    def test_probe_selection(self):
        found = self.answers("--kind", "udp", "--kind", "pipe-read", "--situation", "idle",
                             "--situation", "data", "--multiplexer", "poll", "--interest", "all")
        self.assertEqual(set(found), {(kind, situation, "poll", "all")
                                      for kind in ("pipe-read", "udp")
                                      for situation in ("idle", "data")})

    def test_probe_list(self):
        code, text, errors = self.run_probe("--list")

        self.assertEqual((code, errors), (0, ""))
        for name in "tcp-listener", "peer-half-closed", "epoll-edge":
            self.assertRegex(text, rf"(?m)^  {name} ")

    def test_probe_usage(self):
        for arguments, said in (
                (["--kind", "nope"], ["'nope' is no kind", "tcp", "pipe-read"]),
                (["--situation", "nope"], ["'nope' is no situation", "peer-half-closed"]),
                (["--multiplexer", "nope"], ["'nope' is no multiplexer", "select", "kqueue"]),
                (["--interest", "nope"], ["'nope' is no interest", "all, read, none"]),
                (["--kind", ""], ["'' is no kind"]),
                (["--kind", "null", "--situation", "reset"], ["'reset'", "null can be: idle"]),
                (["--json", "--markdown"], ["--json", "--markdown"]),
                (["--kind"], ["--kind"]), (["nope"], ["nope"]), (["--nope"], ["--nope"])):
            with self.subTest(arguments=arguments):
                code, output, errors = self.run_probe(*arguments)
                self.assertEqual((code, output), (2, ""), errors)
                self.assertRegex(errors, r"\Apolymux: [^\n]+\n\Z")
                for text in said:
                    self.assertIn(text, errors)

    def test_probe_help(self):
        code, text, errors = self.run_probe("--help")

        self.assertEqual((code, errors), (0, ""))
        for word in "--kind", "--situation", "--multiplexer", "--json", "Exit code":
            self.assertIn(word, text)

    def test_probe_multiplexer_that_is_not_here(self):
        absent = "kqueue" if platform.system() == "Linux" else "epoll"
        code, text, errors = self.run_probe("--multiplexer", absent, "--kind", "null")

        self.assertEqual((code, errors), (0, ""))
        self.assertRegex(text, rf"(?m)^not asked: {absent}: this system has no {absent}\(")

    def test_probe_stdout_that_takes_nothing(self):
        if not Path("/dev/full").exists():
            self.skipTest("this system has no /dev/full")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([e2e.POLYMUX, "probe", "--kind", "null"], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=30 * e2e.SLOW)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write to stdout", done.stderr)

    # Bounds.

    def test_probe_is_bounded_in_time(self):
        start = time.monotonic()
        self.probe()
        elapsed = time.monotonic() - start

        # Where others want the processor too, each of its many short waits ends late.
        competitors = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        self.assertLess(elapsed, 10 * e2e.SLOW * competitors)

    def test_probe_leaks_no_descriptor(self):
        # With so few, a descriptor that is left open for each question would soon be missed.
        self.assert_all_made(self.probe(limits=[(resource.RLIMIT_NOFILE, (24, 24))]))

    def assert_all_made(self, document):
        unmade = {(row["kind"], answer["text"]) for row in document["rows"]
                  for answer in row["answers"] if answer["outcome"] == "not_made"}
        self.assertEqual({text for _, text in unmade if "EMFILE" in text}, set())

    def test_probe_kind_that_cannot_be_made(self):
        # Out of descriptors, one kind after the other fails, and each says why.
        document = self.probe(limits=[(resource.RLIMIT_NOFILE, (4, 4))])

        texts = {answer["text"] for row in document["rows"] for answer in row["answers"]}
        self.assertIn("cannot be made: socketpair: EMFILE", texts)
        self.assertIn("cannot be made: pipe: EMFILE", texts)

    # The documentation.

    def test_probe_documentation_has_every_row(self):
        self.need_linux()
        section = BACKENDS.read_text().partition("## What the kernel says")[2].partition("\n## ")[0]
        rows = re.findall(r"(?m)^\| ([a-z-]*) \| ([a-z-]+) \|", section)
        documented, kind = set(), ""
        for name, situation in rows:
            kind = name or kind
            if kind not in {"kind", "---"}:
                documented.add((kind, situation))

        actual = {(row["kind"], row["situation"])
                  for row in self.probe("--multiplexer", "select", "--interest", "all")["rows"]}
        self.assertEqual(documented, actual,
                         "docs/backends.md: put in anew what `polymux probe --markdown` prints")
