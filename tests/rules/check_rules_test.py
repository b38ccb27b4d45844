#!/usr/bin/env python3
"""check_rules.py finds what it should find, and nothing else."""

import tempfile
import unittest
from pathlib import Path

import check_rules

CONTRACT = "# Contract\n\n### ADD-3 A regular file is refused\n\ntext ADD-9\n\n### WAIT-10 Title\n"
TESTS = ("TEST_P(AddRules, Add3RegularFileIsRefused) {}\n"
         "TEST_P(WaitRules,\n       Wait10Something) {}\n")


class Rules(unittest.TestCase):
    def check(self, contract, tests):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "contract.md").write_text(contract, encoding="utf-8")
            (folder / "rules.cpp").write_text(tests, encoding="utf-8")
            return check_rules.violations(folder / "contract.md", folder)[0]

    def assert_one(self, contract, tests, *expected):
        found = self.check(contract, tests)
        self.assertEqual(len(found), 1, found)
        for text in expected:
            self.assertIn(text, found[0])

    def test_a_rule_with_a_test_is_well(self):
        self.assertEqual(self.check(CONTRACT, TESTS), [])

    def test_a_rule_without_a_test(self):
        self.assert_one(CONTRACT + "### ADD-4 Title\n", TESTS, "contract.md:8", "ADD-4")

    def test_a_test_without_a_rule(self):
        self.assert_one(CONTRACT, TESTS + "TEST_P(AddRules, Add5Thing) {}\n", "ADD-5", "rules.cpp:4")
        self.assert_one(CONTRACT, TESTS + "TEST_F(AddRules, Thing) {}\n", "Thing", "id of a rule")
        self.assert_one(CONTRACT, TESTS + "TEST(AddRules, Add3) {}\n", "id of a rule")

    def test_a_rule_is_not_tested_by_its_beginning(self):
        self.assert_one(CONTRACT + "### WAIT-1 Title\n", TESTS, "WAIT-1")

    def test_a_disabled_or_commented_test_counts_for_nothing(self):
        added = CONTRACT + "### ADD-4 Title\n"
        self.assert_one(added, TESTS + "TEST_P(AddRules, DISABLED_Add4Thing) {}\n", "ADD-4")
        self.assert_one(added, TESTS + "// TEST_P(AddRules, Add4Thing) {}\n", "ADD-4")

    def test_a_rule_stated_twice(self):
        self.assert_one(CONTRACT + "### ADD-3 Again\n", TESTS, "already")

    def test_no_contract_and_no_rules_are_failures(self):
        self.assertEqual(len(self.check("", "")), 1)
        missing = Path("nowhere/contract.md")
        self.assertEqual(len(check_rules.violations(missing, Path("nowhere"))[0]), 1)


if __name__ == "__main__":
    unittest.main()
