#!/usr/bin/env python3
"""Every server model on every backend that it takes, by the same end-to-end cases: prints a table.

usage: run_matrix.py --polymux FILE [--models NAMES] [--jobs N] [--out FILE]

Exits 1 if a case has failed; what it printed follows the table. A case that a model cannot be held to is counted as
such, and the reason is printed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

RUNNER = Path(__file__).resolve().parent / "run_case.py"
SKIPPED = 77

CASES = ("every_byte_value", "random_bytes_with_half_close", "one_byte_at_a_time", "300_clients_at_once",
         "resets_in_mid_transfer", "a_slow_reader_gets_every_byte",
         "sigterm_in_the_middle_of_sending_loses_no_byte", "no_process_is_left_behind",
         "descriptors_do_not_leak")
# What has no connections has cases of its own.
OWN_CASES = {
    "udp": ("udp_every_byte_value_and_length", "udp_many_peers_get_their_own",
            "udp_peer_that_has_gone_stops_nobody", "udp_flood_costs_datagrams_and_nothing_else",
            "udp_drain_answers_what_waits", "udp_drain_of_silence_is_immediate",
            "udp_too_long_is_dropped_and_counted",
            "udp_answers_from_the_address_that_was_asked", "udp_under_load"),
}

Cell = namedtuple("Cell", "model backend")
Result = namedtuple("Result", "cell case code output")


def listing(polymux, what):
    run = subprocess.run([polymux, what, "--json"], stdout=subprocess.PIPE, check=True, timeout=30,
                         env={**os.environ, "POLYMUX_BACKEND": ""})
    return json.loads(run.stdout)[what]


def ways_of(model):
    """The ways of a model whose cases differ by them; else the model, done as it does by itself."""
    if model["name"] != "proactor":
        return [model["name"]]
    return ["%s/%s" % (model["name"], way) for way in model["variants"]]


def cells_of(polymux, wanted):
    backends = [each["name"] for each in listing(polymux, "backends") if each["available"]]
    for model in listing(polymux, "models"):
        if wanted and model["name"] not in wanted:
            continue
        for name in ways_of(model):
            for backend in backends if model["takes_backend"] else [""]:
                yield Cell(name, backend)


def run_one(polymux, cell, case, more):
    command = [sys.executable, "-B", str(RUNNER), case, "--polymux", polymux, "--model", cell.model]
    if cell.backend:
        command += ["--backend", cell.backend]
    try:
        run = subprocess.run(command + more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired as late:
        return Result(cell, case, 1, "still running after %d s" % late.timeout)
    return Result(cell, case, run.returncode, run.stdout)


def summary(results):
    """`9`, or `8 of 9`, or `9, 1 not for it`."""
    failed = sum(result.code not in (0, SKIPPED) for result in results)
    skipped = sum(result.code == SKIPPED for result in results)
    passed = len(results) - failed - skipped
    text = "%d" % passed if not failed else "%d of %d" % (passed, passed + failed)
    return text + (" (%d not for it)" % skipped if skipped else "")


def table(cells, results):
    models = list(dict.fromkeys(cell.model for cell in cells))
    backends = sorted({cell.backend for cell in cells}, key=lambda name: (name == "", name))
    rows = [["model"] + [backend or "no backend" for backend in backends]]
    for model in models:
        row = [model]
        for backend in backends:
            found = [result for result in results if result.cell == Cell(model, backend)]
            row.append(summary(found) if found else "-")
        rows.append(row)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip()
                     for row in rows)


def last_line(output):
    lines = [line for line in output.splitlines() if "skipped" in line.lower()]
    return lines[-1].strip() if lines else "skipped"


def report(cells, results):
    out = [table(cells, results), ""]
    reasons = {(result.cell.model, result.case): last_line(result.output)
               for result in results if result.code == SKIPPED}
    out += ["%s, %s: %s" % (*key, why) for key, why in sorted(reasons.items())]
    failures = [result for result in results if result.code not in (0, SKIPPED)]
    for result in failures:
        out += ["", "FAILED: %s%s, %s" % (result.cell.model, result.cell.backend and
                                          " on " + result.cell.backend, result.case),
                result.output.rstrip()]
    out.append("matrix: %d cells, %d cases passed, %d failed, %d not for the model"
               % (len(cells), sum(result.code == 0 for result in results), len(failures),
                  len(results) - len(failures) - sum(result.code == 0 for result in results)))
    return "\n".join(out) + "\n", 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polymux", required=True)
    parser.add_argument("--models", default="", help="some, separated by commas")
    # Most cases wait more than they work.
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--out", help="also into this file")
    options, more = parser.parse_known_args()
    wanted = [name for name in options.models.split(",") if name]
    cells = list(cells_of(options.polymux, wanted))
    jobs = [(cell, case) for cell in cells for case in OWN_CASES.get(cell.model, CASES)]
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda job: run_one(options.polymux, *job, more), jobs))
    text, code = report(cells, results)
    sys.stdout.write(text)
    if options.out:
        Path(options.out).write_text(text, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
