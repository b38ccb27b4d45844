#!/usr/bin/env python3
"""Runs one end-to-end case against a built `polymux`.

usage: run_case.py --list
       run_case.py CASE --polymux FILE [--backend NAME] [--model NAME[/WAY]] [--slow FACTOR]
                   [--sanitized]

--list prints, for each case, `each NAME` (to be run on each backend and by each model),
`backends NAME` (on each backend, for it is about one model) or `once NAME`. Exits 77 if
the case was skipped. The environment variable POLYMUX_TEST_SLOW multiplies deadlines and bounds of
CPU time, for machines that are slow or busy.
"""

import argparse
import json
import os
import subprocess
import sys
import unittest

import cases_addresses
import cases_answers
import cases_blocking
import cases_conformance
import cases_ending
import cases_limits
import cases_load
import cases_load_command
import cases_metrics
import cases_multi_reactor
import cases_operation
import cases_prefork
import cases_probe
import cases_proactor
import cases_udp
import cases_usage
import e2e_support

MODULES = [cases_answers, cases_load, cases_limits, cases_ending, cases_addresses, cases_usage,
           cases_conformance, cases_probe, cases_load_command, cases_udp, cases_multi_reactor,
           cases_blocking, cases_prefork, cases_operation, cases_proactor, cases_metrics]
SKIPPED = 77


def all_cases():
    """Yields (how often, name, class, method)."""
    loader = unittest.TestLoader()
    for module in MODULES:
        for case in vars(module).values():
            if isinstance(case, type) and issubclass(case, unittest.TestCase):
                for method in loader.getTestCaseNames(case):
                    often = "once" if getattr(case, "RUNS_ONCE", False) else "each"
                    if getattr(case, "RUNS_ON_BACKENDS", False):
                        often = "backends"
                    yield often, method.removeprefix("test_"), case, method


def why_unavailable(polymux, backend):
    environment = {**os.environ, "POLYMUX_BACKEND": ""}
    listing = subprocess.run([polymux, "backends", "--json"], stdout=subprocess.PIPE,
                             env=environment, check=True, timeout=30)
    for entry in json.loads(listing.stdout)["backends"]:
        if entry["name"] == backend:
            return "" if entry["available"] else entry["reason"]
    return "polymux does not know it"


def why_no_model(polymux, model):
    """What the command says if this system has not what the model needs; empty if it serves."""
    server = subprocess.Popen([polymux, "serve", *e2e_support.model_arguments(model)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if server.stdout.readline():
        server.terminate()
    errors = server.communicate(timeout=30)[1].strip()
    return errors if "cannot be used here" in errors else ""


def run(name):
    chosen = [case(method) for _, found, case, method in all_cases() if found == name]
    if len(chosen) != 1:
        sys.exit(f"{len(chosen)} cases have the name {name!r}; see --list")
    outcome = unittest.TextTestRunner(verbosity=2).run(chosen[0])
    if not outcome.wasSuccessful():
        return 1
    return SKIPPED if outcome.skipped else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--polymux")
    parser.add_argument("--backend", default="")
    parser.add_argument("--model", default="")
    parser.add_argument("--slow", type=float, default=1.0)
    parser.add_argument("--sanitized", action="store_true")
    options = parser.parse_args()
    if options.list:
        for often, name, _, _ in all_cases():
            print(often, name)
        return 0
    if options.backend:
        if reason := why_unavailable(options.polymux, options.backend):
            print(f"skipped: backend {options.backend} is not available: {reason}")
            return SKIPPED
    if options.model:
        if reason := why_no_model(options.polymux, options.model):
            print(f"skipped: {reason}")
            return SKIPPED
        if reason := e2e_support.NOT_FOR_MODEL.get(options.model, {}).get(options.case):
            print(f"skipped: the model {options.model} {reason}")
            return SKIPPED
    os.environ.pop("POLYMUX_BACKEND", None)
    e2e_support.POLYMUX = options.polymux
    e2e_support.BACKEND = options.backend
    e2e_support.MODEL = options.model
    e2e_support.SLOW = float(os.environ.get("POLYMUX_TEST_SLOW") or options.slow)
    e2e_support.SANITIZED = options.sanitized
    return run(options.case)


if __name__ == "__main__":
    sys.exit(main())
