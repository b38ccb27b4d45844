"""What the driver makes of figures that are known."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import measure  # noqa: E402
import programs  # noqa: E402
import report_text  # noqa: E402
import tables  # noqa: E402
import targets  # noqa: E402


def rounds(*values):
    return {"rounds": list(values)}


class Counting(unittest.TestCase):
    def test_what_starting_costs_falls_out(self):
        less, more = ({"read": 107, "mmap": 30}, 100), ({"read": 307, "mmap": 30}, 300)
        self.assertEqual(programs.per_unit(less, more), {"mmap": 0.0, "read": 1.0})

    def test_a_step_is_divided_by_the_units_told(self):
        less, more = ({"instructions": 1000}, 50), ({"instructions": 6000}, 50)
        self.assertEqual(programs.per_unit(less, more, 50), {"instructions": 100.0})

    def test_table_of_strace_is_read_with_and_without_errors(self):
        text = ("% time     seconds  usecs/call     calls    errors syscall\n"
                "------ ----------- ----------- --------- --------- ----------------\n"
                " 60.00    0.000010           1        12         3 read\n"
                " 40.00    0.000000           0         5           epoll_wait\n"
                "------ ----------- ----------- --------- --------- ----------------\n"
                "100.00    0.000010           0        17         3 total\n")
        self.assertEqual(programs.STRACE_LINE.findall(text),
                         [("12", "read"), ("5", "epoll_wait"), ("17", "total")])


class Verdicts(unittest.TestCase):
    def of(self, mine, theirs):
        return measure.verdict_of(measure.ratio_to(rounds(*mine), rounds(*theirs)))

    def test_noise_forbids_a_conclusion(self):
        self.assertIn("no conclusion", self.of((9, 12, 9, 9, 9), (10, 10, 10, 10, 10)))

    def test_only_rounds_that_both_have_are_compared(self):
        ratio = measure.ratio_to(rounds(9, None, 9), rounds(10, 10, None))
        self.assertEqual(ratio, (0.9, 0.9, 0.9, 1))
        self.assertIsNone(measure.ratio_to(rounds(None), rounds(10)))

    def test_few_rounds_forbid_one(self):
        self.assertEqual(self.of((9, 9, 9), (10, 10, 10)), "no conclusion: too few rounds (3)")

    def test_what_slows_both_falls_out(self):
        self.assertEqual(self.of((9, 90, 9, 9, 9), (10, 100, 10, 10, 10)), "faster")
        self.assertEqual(self.of((11, 110, 11, 11, 11), (10, 100, 10, 10, 10)), "slower")


class Targets(unittest.TestCase):
    def verdict(self, value, at_most, more=None):
        target = targets.Target("t", "f", "polymux/epoll", "value", at_most, "bytes")
        results = {"f": dict({"polymux/epoll": {"value": value}}, **(more or {}))}
        return targets.check(target, results)["verdict"]

    def test_limit_is_kept_or_not(self):
        self.assertEqual(self.verdict(120.0, 120), "pass")
        self.assertEqual(self.verdict(120.1, 120), "falls short")
        self.assertEqual(self.verdict(0.1, 0), "falls short")
        self.assertEqual(self.verdict(64.02, 64), "pass")

    def test_limit_may_be_what_another_takes(self):
        hand = {"hand/epoll": {"value": 50}}
        self.assertEqual(self.verdict(50.0, "hand/epoll", hand), "pass")
        self.assertEqual(self.verdict(51.0, "hand/epoll", hand), "falls short")
        self.assertEqual(self.verdict(51.0, "hand/epoll"), "not measured")

    def test_what_was_not_built_is_not_passed(self):
        target = targets.Target("t", "f", "polymux/none", "value", 1, "bytes")
        self.assertEqual(targets.check(target, {})["verdict"], "not measured")


class Text(unittest.TestCase):
    def test_only_the_measured_part_of_a_page_is_replaced(self):
        page = "a\n%s\nold\n%s\nb\n" % (report_text.BEGIN, report_text.END)
        again = report_text.replace_in(page, "new")
        self.assertEqual(again, page.replace("old", "new"))
        with self.assertRaises(ValueError):
            report_text.replace_in("nothing to replace", "new")

    def test_numbers_have_the_digits_that_count(self):
        self.assertEqual([tables.number(value) for value in (12345.6, 12.34, 1.234, -0.001, None)],
                         ["12,346", "12.3", "1.23", "0.00", "–"])


if __name__ == "__main__":
    unittest.main()
