#!/usr/bin/env python3
"""Of translation.py: each change of one page alone is seen, and a translation as such is none."""

import sys
import unittest

sys.dont_write_bytecode = True
from translation import differences, shape_of  # noqa: E402

PAGE = """# Title

Text with `code`, 1,000 bytes and [a link](docs/a.md).

```sh
make all
```

## Second

| what | cost |
| --- | --- |
| `a`, 64 bytes | 2.5 |

- one
- two, see [b](b.md)
"""

TRANSLATION = """# 标题

[链接](docs/a.md)、1,000字节，以及 `code`。

```sh
make all
```

## 第二节

| 什么 | 开销 |
| --- | --- |
| `a`，64字节 | 2.5 |

- 一
- 二，见 [乙](b.md)
"""


class TranslationTest(unittest.TestCase):
    def expect(self, translation, *names):
        found = list(differences(shape_of("a", PAGE), shape_of("b", translation)))
        self.assertEqual([line.partition(":")[0] for line in found], list(names))

    def test_a_translation_has_the_same_shape(self):
        self.expect(TRANSLATION)

    def test_a_change_of_code(self):
        self.expect(TRANSLATION.replace("make all", "make"), "code block 1")
        self.expect(TRANSLATION.replace("```sh", "```console"), "code block 1")
        self.expect(TRANSLATION.replace("`code`", "`kode`"), "code within the lines of section 1")

    def test_a_change_of_headings(self):
        self.expect(TRANSLATION.replace("## 第二节", "### 第二节"), "level of heading 2")
        self.expect(TRANSLATION + "## 第三节\n", "level of heading 3",
                    "links of section 3", "code within the lines of section 3", "numbers of section 3")

    def test_a_change_of_tables(self):
        row = "row 3 of the tables, its cells and figures"
        self.expect(TRANSLATION.replace("2.5", "2.6"), row)
        self.expect(TRANSLATION.replace("| 2.5 |", "| 2.5 | |"), row)
        self.expect(TRANSLATION + "| 另 | 1 |\n", "row 4 of the tables, its cells and figures")

    def test_a_change_of_numbers_and_links(self):
        self.expect(TRANSLATION.replace("1,000", "100"), "numbers of section 1")
        self.expect(TRANSLATION.replace("docs/a.md", "docs/c.md"), "links of section 1")
        self.expect(TRANSLATION.replace("[乙](b.md)", "乙"), "links of section 2")

    def test_a_change_of_lists(self):
        self.expect(TRANSLATION.replace("- 一\n", ""), "items of lists")


if __name__ == "__main__":
    unittest.main()
