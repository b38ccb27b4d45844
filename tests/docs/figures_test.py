#!/usr/bin/env python3
"""Of figures.py."""

import sys
import unittest

sys.dont_write_bytecode = True
from figures import renewed  # noqa: E402

SOURCE = """
| instructions | polymux/epoll | polymux/poll |
| --- | --- | --- |
| echo: 1, per request | 192 | 1,259 |

| system calls | polymux/poll | polymux/epoll |
| --- | --- | --- |
| echo: 1, per request | 2.02 | – |
"""

PAGE = """
<!-- figures: source.md -->
| | poll | epoll |
| --- | --- | --- |
| echo: 1, per request | 1,259 | 192 |
| echo: 1, per request (system calls) | 2.02 | – |

| | poll |
| --- | --- |
| other | 7 |
"""


class FiguresTest(unittest.TestCase):
    def renew(self, page):
        return renewed(page, {"source.md": SOURCE}.get)

    def test_what_is_right_stays(self):
        self.assertEqual(self.renew(PAGE), PAGE)

    def test_what_is_wrong_is_renewed(self):
        self.assertEqual(self.renew(PAGE.replace("1,259", "1,260").replace("2.02", "2.03")), PAGE)

    def test_other_tables_are_left_alone(self):
        page = PAGE.replace("| other | 7 |", "| other | 8 |")
        self.assertEqual(self.renew(page), page)

    def test_unknown_rows_and_columns(self):
        for page in (PAGE.replace("echo: 1,", "echo: 2,"), PAGE.replace("| poll | epoll", "| poll | kqueue"),
                     PAGE.replace("(system calls)", "(bytes)")):
            with self.assertRaises(KeyError):
                self.renew(page)


if __name__ == "__main__":
    unittest.main()
