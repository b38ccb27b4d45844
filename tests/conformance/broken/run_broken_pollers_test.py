#!/usr/bin/env python3
"""run_broken_pollers.py finds what it should find: with a program that only plays the suite."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

import run_broken_pollers

CONTRACT = "### ADD-1 Title\n\n### ADD-2 Title\n"
LISTING = "Every/AddRules.\n  Add1Thing/sound\n  Add2Thing/sound\n"
# Plays what it is told for a poller and a test; the sound one passes.
PROGRAM = """
import sys, time
LIST, LISTING, PLAYS = {list!r}, {listing!r}, {plays!r}
words = sys.argv[1:]
if words == ["--list"]:
    print(LIST)
elif "--gtest_list_tests" in words:
    print(LISTING)
else:
    test = words[2].split("*.")[1].rstrip("/*")
    play = PLAYS.get((words[1], test), "passes")
    if play == "hangs":
        time.sleep(60)
    if play == "crashes":
        import os
        os.abort()
    if play == "passes at first":
        import pathlib
        seen = pathlib.Path(__file__ + ".seen")
        play = "{right}" if seen.exists() else "passes"
        seen.touch()
    if play == "passes":
        print("[  PASSED  ] 1 test.")
    elif play == "is skipped":
        print("a/add_rules.cpp:7: Skipped\\nno such descriptor here\\n[  SKIPPED ] 1 test.")
    else:
        print("FAILED\\t" + play)
        sys.exit(1)
"""
CATCHES_ALL = (("lame", "Add1Thing", ""), ("lame", "Add2Thing", ""))
RIGHT = "a/add_rules.cpp\tno readable"


class Driver(unittest.TestCase):
    def run_driver(self, pairs, plays, absent=()):
        lines = ["sound\tsound"]
        for poller in dict.fromkeys(poller for poller, _, _ in pairs):
            kind, base = ("absent", "needs edge") if poller in absent else ("broken", "sound")
            lines.append(f"{kind}\t{poller}\t{base}\tsome bug")
            lines += [f"fails\t{test}\t{because}" for name, test, because in pairs if name == poller]
        with tempfile.TemporaryDirectory() as name:
            program = Path(name) / "program.py"
            text = PROGRAM.format(list="\n".join(lines), listing=LISTING, plays=plays,
                                  right=RIGHT.replace("\t", "\\t"))
            program.write_text(text, encoding="utf-8")
            contract = Path(name) / "contract.md"
            contract.write_text(CONTRACT, encoding="utf-8")
            output = Path(name) / "output.txt"
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                code = run_broken_pollers.main(["--contract", str(contract), "--output", str(output),
                                                "--", sys.executable, "-B", str(program)])
            self.assertEqual(output.read_text(encoding="utf-8"), printed.getvalue())
            return code, printed.getvalue()

    def assert_wrong(self, pairs, plays, *expected):
        code, text = self.run_driver(pairs, plays)
        self.assertEqual(code, 1, text)
        for part in expected:
            self.assertIn(part, text)

    def test_each_rule_is_caught(self):
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): RIGHT}
        code, text = self.run_driver(CATCHES_ALL, plays)
        self.assertEqual(code, 0, text)
        self.assertIn("rules 2, broken pollers 1, rules caught 2\n", text)

    def test_a_rule_that_nobody_fails(self):
        self.assert_wrong(CATCHES_ALL[:1], {("lame", "Add1Thing"): RIGHT},
                          "no broken poller fails rule ADD-2", "rules caught 1\n")

    def test_a_listed_test_that_passes(self):
        self.assert_wrong(CATCHES_ALL, {("lame", "Add1Thing"): RIGHT}, "lame: Add2Thing passes")

    def test_a_listed_test_that_passes_on_a_busy_machine(self):
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): "passes at first"}
        code, text = self.run_driver(CATCHES_ALL, plays)
        self.assertEqual(code, 0, text)
        self.assertIn("once more: lame: Add2Thing passed, and then fails\n", text)

    def test_a_test_that_fails_for_another_reason(self):
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): RIGHT}
        self.assert_wrong((CATCHES_ALL[0], ("lame", "Add2Thing", "spins")), plays,
                          "lame: Add2Thing fails for another reason than 'spins'")

    def test_a_failure_that_is_not_the_tests_own(self):
        for message in ("\tC++ exception", "a/conformance_test.cpp\tthe backend cannot be opened"):
            plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): message}
            self.assert_wrong(CATCHES_ALL, plays, "lame: Add2Thing throws")

    def test_a_crash_counts_only_where_it_is_expected(self):
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): "crashes"}
        self.assert_wrong(CATCHES_ALL, plays, "lame: Add2Thing crashes")
        self.assertEqual(
            self.run_driver((CATCHES_ALL[0], ("lame", "Add2Thing", "(crashes)")), plays)[0], 0)

    def test_a_hang_counts_only_where_it_is_expected(self):
        limit, run_broken_pollers.LIMIT = run_broken_pollers.LIMIT, 1
        self.addCleanup(setattr, run_broken_pollers, "LIMIT", limit)
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): "hangs"}
        self.assert_wrong(CATCHES_ALL, plays, "lame: Add2Thing hangs")
        self.assertEqual(
            self.run_driver((CATCHES_ALL[0], ("lame", "Add2Thing", "(hangs)")), plays)[0], 0)

    def test_a_sound_poller_that_fails(self):
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): RIGHT,
                 ("sound", "Add2Thing"): RIGHT}
        self.assert_wrong(CATCHES_ALL, plays, "sound, which is sound: Add2Thing fails")

    def test_a_rule_that_cannot_be_shown_here(self):
        plays = {("lame", "Add1Thing"): RIGHT, ("lame", "Add2Thing"): "is skipped",
                 ("sound", "Add2Thing"): "is skipped"}
        code, text = self.run_driver(CATCHES_ALL, plays)
        self.assertEqual(code, 0, text)
        self.assertIn("rule ADD-2 cannot be shown here: no such descriptor here\n", text)
        del plays["sound", "Add2Thing"]
        self.assert_wrong(CATCHES_ALL, plays, "lame: Add2Thing skipped")

    def test_a_rule_is_excused_though_who_fails_it_is_absent(self):
        pairs = (CATCHES_ALL[0], ("far", "Add2Thing", ""))
        plays = {("lame", "Add1Thing"): RIGHT, ("sound", "Add2Thing"): "is skipped"}
        code, text = self.run_driver(pairs, plays, absent=("far",))
        self.assertEqual(code, 0, text)
        self.assertIn("rule ADD-2 cannot be shown here: no such descriptor here\n", text)
        self.assertIn("absent: far: needs edge\n", text)

    def test_a_rule_is_not_excused_because_who_fails_it_is_absent(self):
        pairs = (CATCHES_ALL[0], ("far", "Add2Thing", ""))
        code, text = self.run_driver(pairs, {("lame", "Add1Thing"): RIGHT}, absent=("far",))
        self.assertEqual(code, 1, text)
        self.assertIn("no broken poller fails rule ADD-2\n", text)


if __name__ == "__main__":
    unittest.main()
