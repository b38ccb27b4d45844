#!/usr/bin/env python3
"""Makes each system call of `polymux serve` fail in each way that its manual page documents.

usage: run_faults.py --polymux FILE [--backend NAME]... [--all] [--output FOLDER] [--only TEXT]
                     [--model NAME] [--part starting|serving|random] [--seed N] [--slow FACTOR] [--instrumented]

For each backend the server is first traced, to see which calls it makes; a call that is in no row of
documented_errors.py fails the run. Then, under load, each call returns each error, by strace's
injection; every answer is verified. Without --all one error of each class is taken for each call,
which is what fits into a test run. Writes fault-matrix-BACKEND[-PART].txt and .json. Exits 1 if a
cell failed, 77 if nothing can be traced here.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

import documented_errors as table  # noqa: E402
import e2e_support as e2e  # noqa: E402
import run_case  # noqa: E402
import scenarios  # noqa: E402
import tracing  # noqa: E402

SKIPPED = 77
PARTS = ("starting", "serving", "random")
# Every second call, and a few in between.
SCHEDULES = ("1+2", "3+5")
# On Linux; what a library makes of the failures of its own threads' calls is not polymux's.
EMULATED = {"kqueue": "emulated by libkqueue here, which makes most of its calls itself"}
# What the run-time of a sanitizer or of gcov adds calls of, or dies without.
MEMORY = {"mmap", "munmap", "mremap", "mprotect", "brk", "madvise"}


def rows(spellings, unknown):
    """The rows of what was called; a call without a row is noted as unknown."""
    found = set()
    for spelling in spellings:
        row = table.row_of(spelling)
        if row is None:
            unknown.add(spelling)
        else:
            found.add(row)
            scenarios.SPELLINGS.setdefault(row, set()).add(spelling)
    return found


class Plan:
    """The cells of one backend, derived from what it calls."""

    def __init__(self, folder, options):
        self._folder, self._options = folder, options
        recording = scenarios.record(folder)
        self.unknown = set()
        self._recording = recording
        start = rows(recording.start, self.unknown)
        self._serving = rows(recording.serving, self.unknown)
        self._ending = rows(recording.ending, self.unknown)
        self._exhausted = rows(scenarios.record_exhaustion(folder), self.unknown)
        self._start = start
        if options.instrumented:
            self.unknown.clear()
            for calls in self._start, self._serving, self._ending, self._exhausted:
                calls -= MEMORY | {"futex", "openat", "rt_sigaction", "rt_sigprocmask", "prlimit64"}
        self.called = {"starting": self._start, "serving": self._serving, "ending": self._ending,
                       "exhaustion": self._exhausted}

    def _some(self, errors):
        """Without --all the first of each class."""
        if self._options.all:
            return list(errors)
        first = {}
        for kind, error in errors:
            first.setdefault(kind, error)
        return list(first.items())

    def cells(self, part):
        """Functions that run one cell each."""
        return {"starting": self._starting_cells, "serving": self._serving_cells,
                "random": self._random_cells}[part]()

    def _starting_cells(self):
        for call in sorted(self._start):
            numbers = list(self._numbers(call))
            errors = table.CALLS[call].start_errors()
            if not self._options.all:
                errors, numbers = errors[:1], numbers[:2]
            for number in numbers:
                for error in errors:
                    yield lambda c=call, e=error, n=number: scenarios.starting(self._folder, c, e, n)

    def _numbers(self, call):
        for spelling in scenarios.SPELLINGS[call]:
            yield from self._recording.occurrences(spelling)

    def _serving_cells(self):
        schedules = SCHEDULES if self._options.all else SCHEDULES[:1]
        for call in sorted(self._serving):
            for kind, error in self._some(table.CALLS[call].errors()):
                for when in schedules:
                    yield lambda c=call, k=kind, e=error, w=when: scenarios.serving(
                        self._folder, {c}, scenarios.inject({c}, e, w), k, e, w)
            for error in table.LASTING.get(call, ()):
                yield lambda c=call, e=error: scenarios.lasting(self._folder, c, e)
        if {"mmap", "brk"} <= self._serving:
            yield lambda: scenarios.serving(
                self._folder, {"mmap", "brk"}, scenarios.inject({"mmap", "brk"}, "ENOMEM", "1+"),
                table.TOLD, "ENOMEM", "1+")
        ending = self._ending if self._options.all else self._ending - self._serving | {"write", "read"}
        for call in sorted(ending & self._ending):
            for kind, error in self._some(table.CALLS[call].errors()):
                yield lambda c=call, k=kind, e=error: scenarios.ending(self._folder, c, k, e, "1+2")
        exhausted = self._exhausted if self._options.all else self._exhausted - self._serving
        for call in sorted(exhausted - {"close"}):
            for kind, error in self._some(table.CALLS[call].errors()):
                if kind in (table.LOSSLESS, table.REFUSED):
                    yield lambda c=call, k=kind, e=error: scenarios.exhaustion(
                        self._folder, c, k, e, "1+2")

    def _random_cells(self):
        for index in range(200 if self._options.all else 8):
            seed = self._options.seed + index
            yield lambda s=seed: scenarios.at_random(self._folder, s, self._serving)


def run_backend(options, backend):
    """One backend in this process; True if nothing failed."""
    e2e.BACKEND = backend
    started = time.monotonic()
    output = Path(options.output)
    output.mkdir(parents=True, exist_ok=True)
    results, failures = [], []
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(folder, options)
        for name in sorted(plan.unknown):
            failures.append(f"nobody injects faults into {name}: add a row to documented_errors.py")
        for part in options.part or PARTS:
            for run in plan.cells(part):
                result = run()
                if options.only and options.only not in result.line():
                    continue
                results.append(result)
                if result.failure:
                    failures.append(f"{result.line()}\n    {result.failure}"
                                    + (f"\n    {result.detail}" if hasattr(result, "detail") else ""))
                print(result.line(), flush=True)
    write(options, output, backend, plan, results, failures, time.monotonic() - started)
    return not failures


def summary_of(backend, results, failures, seconds):
    count = lambda word: sum(1 for result in results if word in result.outcome)  # noqa: E731
    skipped = sum(1 for result in results if result.skipped)
    injected = sum(result.count for result in results)
    return (f"fault matrix, {backend}: {len(results) - skipped} cells, {injected} faults injected; "
            f"{count('survived')} survived, {count('closed')} closed the connection concerned, "
            f"{count('refused') - count('refused at start')} refused clients, "
            f"{count('refused at start')} refused at start, {count('ended')} ended with a message, "
            f"{len(failures)} failed; {skipped} schedules not reached; {seconds:.0f} s")


def write(options, output, backend, plan, results, failures, seconds):
    summary = summary_of(backend, results, failures, seconds)
    silent = sorted(name for name in set().union(*plan.called.values())
                    if not table.CALLS[name].start_errors())
    notes = [f"no error to inject into {name}: {table.CALLS[name].note}" for name in silent]
    for failure in failures:
        print(f"FAILED: {failure}")
    for note in notes:
        print(note)
    print(summary, flush=True)
    subject = options.model.replace("/", "-") if options.model else backend
    name = "-".join(["fault-matrix", subject, *(options.part or [])])
    lines = [result.line() for result in results]
    reasons = [f"{call}: {table.CALLS[call].page}"
               + (f"; {table.CALLS[call].note}" if table.CALLS[call].note else "")
               for call in sorted(set().union(*plan.called.values()))]
    (output / f"{name}.txt").write_text(
        "\n".join([*lines, "", *reasons, "", *(f"FAILED: {text}" for text in failures), summary, ""]))
    cells = [{"backend": backend, "phase": r.phase, "call": r.call, "error": r.error, "when": r.when,
              "injected": r.count, "outcome": r.outcome, "failure": r.failure, "skipped": r.skipped}
             for r in results]
    (output / f"{name}.json").write_text(json.dumps(
        {"backend": backend, "called": {phase: sorted(calls) for phase, calls in plan.called.items()},
         "cells": cells, "failures": failures, "seconds": round(seconds, 1)}, indent=1))


def available(polymux):
    environment = {**os.environ, "POLYMUX_BACKEND": ""}
    listing = subprocess.run([polymux, "backends", "--json"], stdout=subprocess.PIPE, check=True,
                             env=environment, timeout=30)
    return [entry["name"] for entry in json.loads(listing.stdout)["backends"] if entry["available"]]


def run_each(options, backends):
    """A process for each backend, as many at a time as there are processors."""
    arguments = [argument for argument in sys.argv[1:]]
    waiting, running, failed = list(backends), {}, False
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            backend = waiting.pop(0)
            running[backend] = subprocess.Popen(
                [sys.executable, "-B", __file__, *arguments, "--backend", backend])
        for backend, process in list(running.items()):
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            failed = failed or process.returncode != 0
            del running[backend]
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polymux", required=True)
    parser.add_argument("--backend", action="append")
    parser.add_argument("--model", default="")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", help="prints and counts only cells whose line has this text")
    parser.add_argument("--output", default="fault-matrix")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=float, default=1.0)
    parser.add_argument("--instrumented", action="store_true")
    options = parser.parse_args()
    options.all = options.all or os.environ.get("POLYMUX_FAULTS") == "all"
    os.environ.pop("POLYMUX_BACKEND", None)
    e2e.POLYMUX, e2e.SANITIZED = options.polymux, options.instrumented
    e2e.MODEL = options.model
    e2e.SLOW = float(os.environ.get("POLYMUX_TEST_SLOW") or options.slow)

    if not sys.platform.startswith("linux"):
        print("skipped: faults are injected with strace, which is Linux's alone")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        if reason := tracing.why_impossible(folder):
            print(f"skipped: {reason}")
            return SKIPPED
    if options.backend and len(options.backend) == 1:
        backend = options.backend[0]
        if backend in EMULATED:
            print(f"skipped: {backend} is {EMULATED[backend]}")
            return SKIPPED
        if reason := run_case.why_unavailable(options.polymux, backend):
            print(f"skipped: backend {backend} is not available: {reason}")
            return SKIPPED
        if reason := options.model and run_case.why_no_model(options.polymux, options.model):
            print(f"skipped: {reason}")
            return SKIPPED
        return 0 if run_backend(options, backend) else 1
    return 0 if run_each(options, options.backend or available(options.polymux)) else 1


if __name__ == "__main__":
    sys.exit(main())
