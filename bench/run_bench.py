#!/usr/bin/env python3
"""polymux beside its peers: runs the programs polymux_bench_<peer> and reports.

Instructions in user space are counted by valgrind, system calls by strace, each as the difference of two
runs; times are taken in interleaved rounds. Prints Markdown; writes JSON and an HTML page.
"""

import argparse
import datetime
import json
import os
import platform
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "driver"))
sys.dont_write_bytecode = True

import measure  # noqa: E402
import plan  # noqa: E402
import programs  # noqa: E402
import report_html  # noqa: E402
import report_text  # noqa: E402
import targets  # noqa: E402


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def build_of(folder):
    """How the programs were built, and which peers were not, as CMake has written it."""
    path = Path(folder) / "bench_build.json"
    if not path.exists():
        return {"build": "unknown build", "missing": []}
    return json.loads(path.read_text())


def figure_as_data(figure):
    return dict(figure._asdict())


def make_report(figures, measurement, folder, form, missing):
    build = build_of(folder)
    return {
        "schema": 1,
        "date": datetime.date.today().isoformat(),
        "form": form,
        "seconds": round(measurement.seconds()),
        "machine": {"processor": processor(), "processors": os.cpu_count() or 1,
                    "kernel": "%s %s" % (platform.system(), platform.release()),
                    "build": build["build"]},
        "versions": measurement.programs.versions,
        "missing": build["missing"] + missing,
        "failures": measurement.failures,
        "figures": [figure_as_data(figure) for figure in figures],
        "results": measurement.results,
        "targets": targets.check_all(measurement.results),
    }


def measure_plan(measurement, figures, arguments):
    """Counts and times what the tools at hand allow; tells what they do not."""
    missing = []
    counted = [figure for figure in figures if figure.how != "time"]
    for how, tool in (("instructions", "valgrind"), ("calls", "strace")):
        if not programs.has_tool(tool):
            missing.append("%s, for there is no %s" % (tables_name(how), tool))
            counted = [figure for figure in counted if figure.how != how]
    timed = [figure for figure in figures if figure.how == "time"]
    # What is counted bears disturbance, so it goes first; what is timed has the time that is left.
    measurement.count_all(counted)
    measurement.time_all(timed, arguments.repeats, arguments.deadline)
    return missing


def tables_name(how):
    return {"instructions": "instructions", "calls": "system calls"}[how]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def deliver(report, arguments):
    out = Path(arguments.out)
    write(out / "bench.json", json.dumps(report, indent=1, sort_keys=True) + "\n")
    write(out / "bench.html", report_html.page(report))
    text = report_text.markdown(report)
    write(out / "bench.md", text)
    if arguments.page:
        page = Path(arguments.page)
        page.write_text(report_text.replace_in(page.read_text(encoding="utf-8"), text),
                        encoding="utf-8")
    measure.say("")
    print(text)
    print("Written: %s" % ", ".join(str(out / name)
                                    for name in ("bench.json", "bench.html", "bench.md")))


class PageCheck(HTMLParser):
    """Nothing from outside, and every element closed."""

    EMPTY = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open = []
        self.plots = 0
        self.wrong = []

    def handle_starttag(self, tag, attrs):
        self.plots += tag == "svg"
        if tag in ("script", "link", "img", "iframe"):
            self.wrong.append("<%s>" % tag)
        self.wrong += ["%s=%s" % pair for pair in attrs if pair[0] in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s> where it does not belong" % tag)


def check_report(report):
    check = PageCheck()
    page = report_html.page(report)
    check.feed(page)
    problems = check.wrong + check.open
    if not check.plots:
        problems.append("the page has no plot")
    again = json.loads(json.dumps(report))
    if report_html.page(again) != page or report_text.markdown(again) != report_text.markdown(report):
        problems.append("the report made from its own JSON differs")
    return problems


def smoke_figures(all_programs):
    figures = [plan.figure(workload, workload, "unit", "time", workload, plan.SMOKE[workload])
               for workload in sorted(set(all_programs.workloads) & set(plan.SMOKE))]
    # So that there is something to plot.
    return figures + [plan.figure("echo.c64.p64.time", "echo", "request", "time", "echo",
                                  plan.SMOKE["echo"], wanted="^polymux/epoll|^hand/")]


def smoke(all_programs, folder):
    """Every workload of every peer once, with tiny counts; no time is judged."""
    measurement = measure.Measurement(all_programs)
    problems = ["in the plan or in the programs only: " + workload
                for workload in set(all_programs.workloads) ^ set(plan.SMOKE)]
    figures = smoke_figures(all_programs)
    jobs = [(figure, subject) for figure in figures for subject in measurement.subjects(figure)]

    def work(job):
        figure, subject = job
        return measurement.try_one(figure, subject, lambda: programs.run_plain(
            subject, figure.workload, figure.more, 20))

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for (figure, subject), result in zip(jobs, pool.map(work, jobs)):
            if result is None:
                continue
            measurement.put(figure, subject, measure.summary_of([result]))
            wanted = plan.SMOKE_UNITS[figure.workload]
            if result["units"] != wanted:
                problems.append("%s of %s has done %d units instead of %d"
                                % (figure.workload, programs.name_of(subject), result["units"],
                                   wanted))
    problems += ["%(figure)s of %(subject)s: %(why)s" % each for each in measurement.failures]
    problems += check_report(make_report(figures, measurement, folder, "smoke", []))
    for problem in problems:
        print(problem)
    print("%d workloads, %d runs, %d problems" % (len(figures) - 1, len(jobs), len(problems)))
    return 1 if problems else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", metavar="FOLDER", default=".",
                        help="where polymux_bench_<peer> are (bench/ of the build folder)")
    parser.add_argument("--out", metavar="FOLDER", default="bench-report",
                        help="where bench.json, bench.html and bench.md go")
    parser.add_argument("--page", metavar="FILE",
                        help="a page of Markdown whose measured part is replaced")
    parser.add_argument("--quick", action="store_true",
                        help="what the targets need, in two minutes instead of ten")
    parser.add_argument("--only", metavar="REGEX", help="figures whose id matches, such as ^timers")
    parser.add_argument("--peers", metavar="REGEX", help="peer/variant that match, such as ^polymux/")
    parser.add_argument("--repeats", metavar="N", type=int, help="rounds of the timed figures")
    parser.add_argument("--from", metavar="FILE", dest="source",
                        help="measure nothing, report an earlier bench.json again")
    parser.add_argument("--list", action="store_true", help="print the ids of the figures")
    parser.add_argument("--smoke", action="store_true",
                        help="every workload of every peer with tiny counts, as a test")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.source:
        deliver(json.loads(Path(arguments.source).read_text(encoding="utf-8")), arguments)
        return 0
    figures = plan.whole(arguments.quick)
    if arguments.only:
        figures = [figure for figure in figures if re.search(arguments.only, figure.id)]
    if arguments.list:
        print("\n".join("%-32s %s, a %s" % (figure.id, figure.title, figure.unit)
                        for figure in figures))
        return 0
    try:
        all_programs = programs.Programs(arguments.programs)
    except programs.Failed as failure:
        print("run_bench.py: %s" % failure, file=sys.stderr)
        return 2
    if arguments.smoke:
        return smoke(all_programs, arguments.programs)
    arguments.repeats = arguments.repeats or measure.ENOUGH_ROUNDS
    arguments.deadline = 95 if arguments.quick else 520
    measurement = measure.Measurement(all_programs, arguments.peers)
    missing = measure_plan(measurement, figures, arguments)
    report = make_report(figures, measurement, arguments.programs,
                         "quick" if arguments.quick else "full", missing)
    deliver(report, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
