#!/usr/bin/env python3
"""Of the test itself: what is a block, what is marked, what is wrong."""

import contextlib
import io
import sys
import tempfile
import types
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import check_page  # noqa: E402
import commands  # noqa: E402
import cpp_blocks  # noqa: E402
from blocks import PageError, blocks_of  # noqa: E402
from outcome import Wrong  # noqa: E402
from places import Places  # noqa: E402
from shell_text import simple_commands, steps_of  # noqa: E402
from shown import differs  # noqa: E402

TREE = Path(__file__).resolve().parent.parent.parent


def one(text):
    (block,) = blocks_of("page.md", text)
    return block


def words_of(command):
    return list(simple_commands(command))


class Blocks(unittest.TestCase):
    def test_a_block_has_its_language_its_line_and_its_text(self):
        block = one("# Title\n\n```cpp\nint a;\n\nint b;\n```\n")
        self.assertEqual((block.language, block.line, block.text), ("cpp", 4, "int a;\n\nint b;\n"))

    def test_blocks_come_in_order(self):
        found = blocks_of("page.md", "```sh\na\n```\ntext\n~~~json\n{}\n~~~\n")
        self.assertEqual([block.language for block in found], ["sh", "json"])

    def test_a_longer_fence_may_hold_a_shorter_one(self):
        self.assertEqual(one("````text\n```cpp\n```\n````\n").text, "```cpp\n```\n")

    def test_a_block_within_a_list_loses_the_list_s_indentation(self):
        self.assertEqual(one("- item\n\n  ```sh\n  a\n    b\n  ```\n").text, "a\n  b\n")

    def test_marks_come_before_the_block(self):
        block = one("<!-- doc-test: run; input a b\\n; numbers -->\n```cpp\n```\n")
        self.assertEqual(block.marks, {"run": "", "input": "a b\\n", "numbers": ""})

    def test_other_comments_are_no_marks(self):
        self.assertEqual(one("<!-- measured: begin -->\n```sh\n```\n").marks, {})

    def expect_error(self, text, said):
        with self.assertRaises(PageError) as caught:
            blocks_of("page.md", text)
        self.assertIn(said, str(caught.exception))

    def test_what_is_wrong_is_said(self):
        self.expect_error("```cpp\nint a;\n", "page.md:1: this block has no end")
        self.expect_error("```\nint a;\n```\n", "page.md:1: say the language")
        self.expect_error("text\n\n    code\n", "page.md:3: a block by indentation has no language")
        self.expect_error("<!-- doc-test: rum -->\n```sh\n```\n", "there is no mark 'rum'")
        self.expect_error("<!-- doc-test: excuse -->\n```sh\n```\n", "excuse needs why it is not run")
        self.expect_error("<!-- doc-test: run -->\ntext\n", "page.md:1: this mark has no block behind it")
        self.expect_error("<!-- doc-test: run -->\n", "page.md:1: this mark has no block behind it")

    def test_lists_may_be_indented(self):
        self.assertEqual(blocks_of("page.md", "1. one\n\n    more of it\n\n    - inner\n"), [])


class Shell(unittest.TestCase):
    def test_commands_of_sh_are_lines(self):
        steps = steps_of(one("```sh\n# why\nfirst 'a # b'   # comment\nsecond \\\n  more\n```\n"))
        self.assertEqual([step.command for step in steps], ["first 'a # b'", "second \\\n  more"])

    def test_commands_of_console_have_a_prompt_and_outputs(self):
        steps = steps_of(one("```console\n$ a | b\none\ntwo\n$ c &\n```\n"))
        self.assertEqual([(step.command, step.shown) for step in steps], [("a | b", "one\ntwo\n"), ("c &", "")])
        self.assertEqual([step.is_background for step in steps], [False, True])

    def test_a_console_without_a_prompt_is_wrong(self):
        with self.assertRaises(Wrong):
            steps_of(one("```console\nls\n```\n"))

    def test_simple_commands(self):
        self.assertEqual(words_of("A=1 polymux serve --x 'a b' && ls | wc -l; true &"),
                         [["polymux", "serve", "--x", "a b"], ["ls"], ["wc", "-l"], ["true"]])
        self.assertEqual(words_of("for i in $(seq 2 3); do polymux load $i & done"),
                         [["seq", "2", "3"], ["polymux", "load", "$i"]])
        self.assertEqual(words_of("c++ a.cpp $(pkg-config --libs polymux)"),
                         [["pkg-config", "--libs", "polymux"], ["c++", "a.cpp", "SUBSTITUTED"]])
        self.assertEqual(words_of("cmake -S . \\\n -B build"), [["cmake", "-S", ".", "-B", "build"]])


class Shown(unittest.TestCase):
    def test_the_same_is_no_difference(self):
        self.assertEqual(differs("a\nb\n", "a\nb\n"), "")
        self.assertEqual(differs("", ""), "")

    def test_differences_are_named(self):
        self.assertEqual(differs("a\nb\n", "a\nc\n"), "'b' is shown, and 'c' comes")
        self.assertEqual(differs("a\nb\n", "a\n"), "'b' is shown, and nothing like it comes")
        self.assertEqual(differs("a\n", "a\nb\n"), "'b' comes, and is not shown")
        self.assertEqual(differs("", "b\n"), "'b' comes, and is not shown")

    def test_points_are_any_text_and_any_lines(self):
        self.assertEqual(differs("a ... c\n...\ne\n", "a b c\nx\ny\ne\n"), "")
        self.assertEqual(differs("a\n...\n", "a\nx\n"), "")
        self.assertNotEqual(differs("...\ne\n", "a\nb\n"), "")

    def test_numbers_may_be_any(self):
        self.assertEqual(differs("port 8055, 1.5 s\n", "port 40001, 0.25 s\n", numbers=True), "")
        self.assertNotEqual(differs("port 8055\n", "port x\n", numbers=True), "")
        self.assertNotEqual(differs("port 8055\n", "port 40001\n"), "")


class PlacesTest(unittest.TestCase):
    def setUp(self):
        self.places = Places(types.SimpleNamespace(prefix="/p", work="/w"))

    def test_a_port_of_the_page_is_always_the_same_free_one(self):
        first = self.places.put("127.0.0.1:7000")
        self.assertNotEqual(first, "127.0.0.1:7000")
        self.assertEqual(self.places.put("--listen 127.0.0.1:7000"), f"--listen {first}")
        self.assertEqual(self.places.put("nc 127.0.0.1 7000"), f"nc {first.replace(':', ' ')}")
        self.assertEqual(self.places.take_out(f"listening on {first}"), "listening on 127.0.0.1:7000")
        self.assertEqual(self.places.put("127.0.0.1:0"), "127.0.0.1:0")

    def test_words_in_capitals(self):
        self.assertEqual(self.places.put("--prefix PREFIX"), "--prefix /p")
        self.assertEqual(self.places.put("unix:/run/a.sock unix:/tmp/b"), "unix:/w/a.sock unix:/w/b")


class Commands(unittest.TestCase):
    def setUp(self):
        self.test = types.SimpleNamespace(source=TREE, known_targets=set())

    def expect_wrong(self, command, said):
        with self.assertRaises(Wrong) as caught:
            commands.check(self.test, command.split())
        self.assertIn(said, str(caught.exception))

    def test_what_is_there_is_right(self):
        for command in ("cmake --workflow --preset dev", "cmake -S . -B build/x -DPOLYMUX_WERROR=ON",
                        "cmake --build build/dev --target fault_matrix", "ports/run serve", ".ci/run",
                        "build/fuzz/tests/fuzz/polymux_operations_fuzzer FILE"):
            commands.check(self.test, command.split())

    def test_what_is_not_there_is_wrong(self):
        self.expect_wrong("cmake --workflow --preset devv", "there is no preset 'devv'")
        self.expect_wrong("cmake -S . -B x -DPOLYMUX_WERORR=ON", "no file of CMake here has the option POLYMUX_WERORR")
        self.expect_wrong("cmake -S . -B x -DPOLYMUX_BACKEND_DEVPOLL=ON", "POLYMUX_BACKEND_DEVPOLL")
        self.expect_wrong("cmake --bild x", "'--bild' is no option of cmake")
        self.expect_wrong("cmake --build x --target nonsense", "a target 'nonsense'")
        self.expect_wrong("ports/run nonsense", "ports/run does not know 'nonsense'")
        self.expect_wrong("ports/walk", "no program of this tree")
        self.expect_wrong("rm -rf x", "no check is known for the command 'rm'")


class Pages(unittest.TestCase):
    """What check_page counts, and what it calls wrong."""

    def check(self, text):
        test = types.SimpleNamespace(saved={}, last_output=None, wrappers=Path(__file__).parent / "wrappers",
                                     work=Path("/nonexistent"), source=TREE)
        with contextlib.redirect_stdout(io.StringIO()):
            counts, wrong = check_page.check_all(test, blocks_of("page.md", text))
        return {kind: number for kind, number in counts.items() if number}, wrong

    def test_an_unknown_language_is_wrong(self):
        self.assertEqual(self.check("```perl\n1;\n```\n"), ({}, 1))

    def test_an_excuse_is_counted(self):
        self.assertEqual(self.check("<!-- doc-test: excuse a diagram -->\n```text\nx\n```\n"), ({"excused": 1}, 0))

    def test_text_and_fragments_want_a_mark(self):
        self.assertEqual(self.check("```text\nx\n```\n"), ({}, 1))
        self.assertEqual(self.check("```cpp\nint x;\n```\n"), ({}, 1))
        self.assertEqual(self.check("<!-- doc-test: wrapper nonsense -->\n```cpp\nint x;\n```\n"), ({}, 1))

    def test_names_in_a_diagram_are_of_this_tree(self):
        self.assertEqual(self.check("<!-- doc-test: names -->\n```text\nEventLoop::run\n```\n"), ({"checked": 1}, 0))
        self.assertEqual(self.check("<!-- doc-test: names -->\n```text\nEventLoop::walk\n```\n"), ({}, 1))
        self.assertEqual(self.check("<!-- doc-test: names -->\n```text\na diagram\n```\n"), ({}, 1))

    def test_data_is_parsed(self):
        self.assertEqual(self.check("```json\n{}\n```\n```ini\n[Unit]\nA=b\n```\n"), ({"parsed": 2}, 0))
        self.assertEqual(self.check("```json\n{,}\n```\n```ini\nA=b\n```\n"), ({}, 2))


class Wrappers(unittest.TestCase):
    def test_includes_come_first_and_lines_are_those_of_the_page(self):
        block = one("<!-- doc-test: wrapper w -->\n```cpp\n#include <x>\nint a;\n```\n")
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "w.cpp").write_text("void f() {\n// The block.\n}\n", encoding="utf-8")
            text = cpp_blocks.in_wrapper(block, Path(folder))
        self.assertEqual(text, '#include <x>\nvoid f() {\n\n#line 3 "page.md"\n\nint a;\n\n}\n')


if __name__ == "__main__":
    unittest.main()
