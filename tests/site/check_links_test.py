#!/usr/bin/env python3
"""check_links.py finds what it should find, and nothing else."""

import tempfile
import unittest
from pathlib import Path

from check_links import check

OTHER = """# Other page

## A `Poller` of one's own: why?

## 模型

## Twice
## Twice

```cpp
# no heading
```
"""


class Links(unittest.TestCase):
    def faults(self, page):
        """What is wrong with README.md of this text, beside docs/other.md and a source file."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve() / "tree"
            (root / "docs").mkdir(parents=True)
            (root / "code").mkdir()
            (root / "docs" / "other.md").write_text(OTHER, "utf-8")
            (root / "docs" / "report.html").write_text('<h2 id="load">Load</h2>', "utf-8")
            (root / "code" / "main.cpp").write_text("int main() {}\n", "utf-8")
            (root / "README.md").write_text(page, "utf-8")
            return check(root)[2]

    def test_what_is_there_is_well(self):
        self.assertEqual(self.faults("[a](docs/other.md) [b](code) [c](code/main.cpp \"title\") [`d`](<docs/other.md>)\n"
                                     "\n[e]: docs/other.md\n<a href=\"code\">f</a>"), [])

    def test_anchors_are_those_of_a_forge(self):
        self.assertEqual(self.faults("[a](docs/other.md#a-poller-of-ones-own-why) [b](docs/other.md#模型)\n"
                                     "[c](docs/other.md#twice) [d](docs/other.md#twice-1) [e](docs/report.html#load)\n"
                                     "\n## Here\n\n[f](#here)"), [])

    def test_what_is_elsewhere_is_not_looked_at(self):
        self.assertEqual(self.faults("[a](https://example.org/none) [b](mailto:nobody@example.org)"), [])

    def test_code_has_no_links(self):
        self.assertEqual(self.faults("`[a](none)` and\n\n    [&](none)\n\n```cpp\n[&](none);\n```\n"), [])

    def test_a_file_that_is_gone_is_found(self):
        self.assertEqual(self.faults("\n[a](docs/gone.md)"), ["README.md:2: docs/gone.md: there is no such file"])

    def test_a_definition_a_picture_and_a_tag_are_looked_at(self):
        self.assertEqual(len(self.faults("[a][b] ![c](gone.png) <img src=\"gone.svg\">\n\n[b]: gone.md\n")), 3)

    def test_a_link_in_a_list_or_a_table_is_looked_at(self):
        self.assertEqual(len(self.faults("- a\n\n- b\n  [c](gone)\n\n| d |\n| --- |\n| [e](gone) |\n")), 2)

    def test_an_anchor_that_is_gone_is_found(self):
        self.assertEqual(self.faults("[a](docs/other.md#gone)"),
                         ["README.md:1: docs/other.md#gone: docs/other.md has no such anchor"])

    def test_a_heading_within_code_is_no_anchor(self):
        self.assertEqual(len(self.faults("[a](docs/other.md#no-heading)")), 1)

    def test_a_link_out_of_the_repository_is_found(self):
        self.assertEqual(self.faults("[a](../tree2)"), ["README.md:1: ../tree2: leads out of the repository"])


if __name__ == "__main__":
    unittest.main()
