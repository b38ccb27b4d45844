#!/usr/bin/env python3
"""check_named_tests.py finds what it should find, and nothing else."""

import unittest

from check_named_tests import complaints

PAGE = "# Page\n\n## Not\n\n| he cannot | shown by |\n| --- | --- |\n| a | `test_b` |\n\n## But\n\n| c | d |\n"


class NamedTests(unittest.TestCase):
    def test_what_is_there_is_well(self):
        self.assertEqual(complaints(PAGE, {"test_b"}), [])

    def test_what_is_gone_is_found(self):
        self.assertEqual(complaints(PAGE + "`Suite.Test`", {"test_b"}), ["there is no test Suite.Test"])

    def test_a_row_without_a_test_is_found(self):
        page = PAGE.replace("\n\n## But", "\n| e | f |\n\n## But")
        self.assertEqual(complaints(page, {"test_b"}), ["names no test: | e | f |"])

    def test_a_page_without_the_table_is_found(self):
        self.assertEqual(complaints("# Page\n", set()), ["names no test: no row at all"])


if __name__ == "__main__":
    unittest.main()
