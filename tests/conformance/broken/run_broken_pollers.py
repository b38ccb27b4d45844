#!/usr/bin/env python3
"""Each rule of the contract fails on at least one broken poller.

usage: run_broken_pollers.py --contract FILE [--output FILE] [--jobs N] [--only TEXT] [--all]
                             -- PROGRAM...

PROGRAM is polymux_broken_pollers, which lists the broken pollers and the tests that must fail on
each. Each such pair is run in a process of its own, with a short limit, and has to fail by what the
test says: neither by an exception nor, unless the list says so, by a hang or a crash. What the broken
pollers are made of has to pass the same tests in the same way.

--all runs every test on every broken poller instead, and prints which fail; that takes minutes.

What needs a poller that this system or this build does not have is not run. A rule is excused by its
own tests alone: each of them is skipped, with a reason, on every sound poller that there is.

Prints the figures, and what is wrong; exits 1 if something is.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

RULE = re.compile(r"^### ([A-Z]+-\d+) ", re.MULTILINE)
TEST = re.compile(r"^  (([A-Z][a-z]+)(\d+)\w+)/", re.MULTILINE)
SKIPPED = re.compile(r": Skipped\n(.+)")
# How a test ends that does not fail in the usual way.
ENDS = {"(hangs)": "hangs", "(crashes)": "crashes"}
# Where failures come from that are a test's own.
PLACE = re.compile(r"(_rules|poller_assertions|conformance_test)\.cpp$|/add_test\.hpp$")
# How long a test waits for what is to come, in milliseconds, and the whole test, in seconds: most of
# these wait in vain.
BOUND, LIMIT = 1000, 10
# How often a broken poller that passed may try again to fail.
RETRIES = 3

Outcome = collections.namedtuple("Outcome", "kind message")


class Suite:
    """The program, and what it lists."""

    def __init__(self, program):
        self.program = program
        # Who chooses a backend by it chooses what the broken ones are made of.
        self.environment = dict(os.environ, POLYMUX_TEST_BOUND=str(BOUND))
        self.environment.pop("POLYMUX_BACKEND", None)
        self.sound, self.broken, self.absent, self.base, self.imitates = [], {}, {}, {}, {}
        # Why a poller that is made of a sound one is not here.
        self.reason = {}
        # What people should know, though nothing is wrong.
        self.notes = []
        for line in self.ask("--list").splitlines():
            kind, name, *rest = line.split("\t")
            if kind == "sound":
                self.sound.append(name)
            elif kind == "fails":
                tests[name] = rest[0]
            else:
                tests = {}
                is_here = kind == "broken"
                (self.broken if is_here else self.absent)[name] = tests
                (self.base if is_here else self.reason)[name], self.imitates[name] = rest
        listing = self.ask("--poller", self.sound[0], "--gtest_list_tests")
        self.tests = {test: f"{group.upper()}-{number}"
                      for test, group, number in TEST.findall(listing)}

    def ask(self, *arguments):
        return subprocess.run([*self.program, *arguments], check=True, stdout=subprocess.PIPE,
                              env=self.environment, timeout=60, universal_newlines=True).stdout

    def run(self, poller, test):
        """Runs a test on a poller: it passes, fails, throws, hangs, crashes or is skipped."""
        # A test that hangs may have children: all go with its session.
        child = subprocess.Popen(
            [*self.program, "--poller", poller, f"--gtest_filter=*.{test}/*"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True, errors="replace", start_new_session=True)
        try:
            text, _ = child.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return Outcome("hangs", f"longer than {LIMIT} s")
        return classify(child.returncode, text)


def classify(code, text):
    if code < 0:
        return Outcome("crashes", f"signal {-code}")
    failure = re.search(r"^FAILED\t(.*)\t((?:.|\n)*)", text, re.MULTILINE)
    if code == 1 and failure:
        place, message = failure.groups()
        message = " | ".join(message.splitlines()[:8])
        is_own = PLACE.search(place) and "cannot be opened" not in message
        return Outcome("fails" if is_own else "throws", f"{Path(place).name}: {message}")
    if code != 0:
        return Outcome("crashes", f"exit code {code}: {text[-300:]}")
    if "[  SKIPPED ]" in text:
        reason = SKIPPED.search(text)
        return Outcome("skipped", reason.group(1) if reason else "no reason is given")
    if "[  PASSED  ] 1 test." not in text:
        return Outcome("is unknown", text[-300:])
    return Outcome("passes", "")


def run_all(suite, pairs, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return dict(zip(pairs, pool.map(lambda pair: suite.run(*pair), pairs)))


def judge(suite, outcomes, retry):
    """The complaints, and the tests that failed as they had to."""
    complaints, caught = [], set()
    for poller in suite.sound:
        for test in sorted({test for tests in suite.broken.values() for test in tests}):
            outcome = outcomes.get((poller, test))
            # A machine that is busy makes a sound one late, but not twice.
            if outcome and outcome.kind not in ("passes", "skipped"):
                outcome = retry((poller, test))
            if outcome and outcome.kind not in ("passes", "skipped"):
                complaints.append(f"{poller}, which is sound: {test} {outcome.kind}: "
                                  f"{outcome.message}")
    for poller, tests in suite.broken.items():
        if not tests:
            complaints.append(f"{poller}: no test is listed that must fail")
        for test, because in tests.items():
            outcome = outcomes.get((poller, test))
            if outcome is None:
                continue
            wanted = ENDS.get(because, "fails")
            # One that spins has not its share of a busy machine: again, alone.
            for _ in range(RETRIES):
                if outcome.kind != "passes":
                    break
                outcome = retry((poller, test))
                suite.notes.append(f"once more: {poller}: {test} passed, and then {outcome.kind}")
            if outcomes[suite.base[poller], test].kind == outcome.kind == "skipped":
                continue
            if outcome.kind != wanted:
                complaints.append(f"{poller}: {test} {outcome.kind}, but has to be one that "
                                  f"{wanted}. {outcome.message}")
            elif wanted == "fails" and because not in outcome.message:
                complaints.append(f"{poller}: {test} fails for another reason than '{because}': "
                                  f"{outcome.message}")
            else:
                caught.add(test)
    return complaints, caught


def excuses(suite, caught, outcomes, run):
    """For each test that was not caught and that every sound poller skips: why."""
    found = {}
    for test in suite.tests:
        if test in caught:
            continue
        pairs = [(poller, test) for poller in suite.sound]
        outcomes.update(run([pair for pair in pairs if pair not in outcomes]))
        if all(outcomes[pair].kind == "skipped" for pair in pairs):
            found[test] = "; ".join(dict.fromkeys(outcomes[pair].message for pair in pairs))
    return found


def describe_absent(suite):
    by_reason = collections.defaultdict(list)
    for poller in suite.absent:
        by_reason[suite.reason[poller]].append(poller)
    return [f"absent: {', '.join(pollers)}: {reason}" for reason, pollers in by_reason.items()]


def report(suite, rules, complaints, caught, excused, seconds):
    by_rule = collections.defaultdict(list)
    for poller, tests in suite.broken.items():
        for test in tests:
            if test in caught:
                by_rule[suite.tests.get(test)].append(poller)
    tests_of = collections.defaultdict(list)
    for test, rule in suite.tests.items():
        tests_of[rule].append(test)
    uncaught = [rule for rule in rules if rule not in by_rule]
    excused_rules = [rule for rule in uncaught
                     if tests_of[rule] and all(test in excused for test in tests_of[rule])]
    missed = [rule for rule in uncaught if rule not in excused_rules]
    lines = [f"rules {len(rules)}, broken pollers {len(suite.broken)}, "
             f"rules caught {sum(rule in by_rule for rule in rules)}",
             f"tests {len(suite.tests)}, tests caught {len(caught)}, pairs "
             f"{sum(map(len, suite.broken.values()))}, {seconds:.0f} s"]
    lines += [f"rule {rule} cannot be shown here: "
              + "; ".join(dict.fromkeys(excused[test] for test in tests_of[rule]))
              for rule in excused_rules]
    lines += [f"no broken poller fails rule {rule}" for rule in missed]
    lines += [f"test {test} cannot be shown here: {why}" for test, why in excused.items()
              if suite.tests[test] not in excused_rules]
    lines += [f"no broken poller fails test {test}" for test in suite.tests
              if test not in caught and test not in excused]
    lines += describe_absent(suite) + suite.notes
    lines += complaints
    lines.append("")
    lines += [f"{rule:9} {', '.join(dict.fromkeys(by_rule[rule]))}" for rule in rules]
    lines.append("")
    lines += [f"{poller}: as {what}" for poller, what in suite.imitates.items()]
    return "\n".join(lines) + "\n", bool(missed or complaints)


def print_matrix(suite, outcomes):
    for poller in suite.broken:
        failed = [f"{test} ({outcome.kind})" for (name, test), outcome in outcomes.items()
                  if name == poller and outcome.kind not in ("passes", "skipped")]
        print(f"{poller}: {len(failed)} of {len(suite.tests)} tests fail")
        for test in failed:
            print(f"    {test}")


def parse(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--contract", type=Path, required=True)
    parser.add_argument("--output", type=Path)
    # Most of them sleep.
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 1))
    parser.add_argument("--only", default="", help="the broken pollers whose names contain this")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    start = time.monotonic()
    suite = Suite(options.program)
    chosen = {name: tests for name, tests in suite.broken.items() if options.only in name}
    if options.all:
        pairs = [(poller, test) for poller in chosen for test in suite.tests]
        suite.broken = chosen
        print_matrix(suite, run_all(suite, pairs, options.jobs))
        return 0
    pairs = [(poller, test) for poller, tests in chosen.items() for test in tests]
    listed = dict.fromkeys(test for _, test in pairs)
    pairs += [(poller, test) for poller in suite.sound for test in listed]
    outcomes = run_all(suite, pairs, options.jobs)
    complaints, caught = judge(suite, outcomes, lambda pair: suite.run(*pair))
    excused = excuses(suite, caught, outcomes, lambda some: run_all(suite, some, options.jobs))
    rules = RULE.findall(options.contract.read_text(encoding="utf-8"))
    text, is_wrong = report(suite, rules, complaints, caught, excused, time.monotonic() - start)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    print(text, end="")
    return 1 if is_wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
