#!/usr/bin/env python3
"""check_site.py finds what it should find, and nothing else."""

import tempfile
import unittest
from pathlib import Path

from check_site import check


class Site(unittest.TestCase):
    def faults(self, page, style=""):
        """What is wrong with index.html of this text, beside sub/index.html and a style sheet."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            (root / "sub").mkdir()
            (root / "sub" / "index.html").write_text('<h1 id="title">Sub</h1><a href="../index.html">up</a>', "utf-8")
            (root / "style.css").write_text(style, "utf-8")
            (root / "index.html").write_text(page, "utf-8")
            return check(root)[2]

    def test_what_is_there_is_well(self):
        self.assertEqual(self.faults('<link rel="stylesheet" href="style.css?v=1"><a href="sub/#title">a</a>'
                                     '<a href="/sub/index.html">b</a><a name="c"></a><a href="#c">d</a>'), [])

    def test_a_page_elsewhere_may_be_linked_to(self):
        self.assertEqual(self.faults('<a href="https://example.org/">a</a><link rel="canonical" href="https://a.org/">'), [])

    def test_a_page_that_is_gone_is_found(self):
        self.assertEqual(self.faults('<p>\n<a href="gone.html">a</a>'),
                         ["index.html:2: gone.html: there is no such file"])

    def test_an_anchor_that_is_gone_is_found(self):
        self.assertEqual(self.faults('<a href="sub/index.html#gone">a</a>'),
                         ["index.html:1: sub/index.html#gone: sub/index.html has no such anchor"])

    def test_what_is_loaded_from_elsewhere_is_found(self):
        for tag in ('<script src="https://example.org/a.js"></script>', '<img src="//example.org/a.png">',
                    '<link rel="stylesheet" href="http://example.org/a.css">', '<link rel="preconnect" href="https://a.org">',
                    '<p style="background: url(https://example.org/a.png)">'):
            with self.subTest(tag):
                faults = self.faults(tag)
                self.assertEqual(len(faults), 1)
                self.assertTrue(faults[0].endswith("is loaded from elsewhere"), faults)

    def test_what_a_style_sheet_loads_is_looked_at(self):
        self.assertEqual(self.faults("<p>", "@import 'https://example.org/a.css';"),
                         ["style.css:1: https://example.org/a.css: is loaded from elsewhere"])
        self.assertEqual(self.faults("<p>", "p { background: url('gone.png') }"),
                         ["style.css:1: gone.png: there is no such file"])
        self.assertEqual(self.faults("<p>", "p { background: url(data:image/png;base64,AA==) }"), [])

    def test_a_picture_that_is_gone_is_found(self):
        self.assertEqual(len(self.faults('<img src="gone.png"/>')), 1)


if __name__ == "__main__":
    unittest.main()
