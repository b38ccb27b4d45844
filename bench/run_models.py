#!/usr/bin/env python3
"""Every server model under the same load: fills the table of docs/models.md.

For each model and number of connections it starts `polymux serve --model`, lets `polymux load` ask it, with every byte
compared, and notes requests a second, latency, memory and CPU time of the server, all of its processes included. Models take
turns in each round; the table has the medians. Prints Markdown; writes JSON and an HTML page.

Linux: memory and CPU time come from /proc.
"""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "driver"))
sys.dont_write_bytecode = True

import models_html  # noqa: E402
import models_table  # noqa: E402
import process_tree  # noqa: E402
import report_text  # noqa: E402

CONNECTIONS = (1, 64, 1000, 10000)

# How far a model goes by what it is: beyond, clients would wait for ever, or the machine be full.
MOST = {
    "iterative": (1, "serves one client at a time"),
    "fork": (1000, "a process each"),
    "process-pool": (64, "a process each"),
    "thread": (10000, ""),
    "thread-pool": (1000, "a thread each"),
    "proactor/aio": (500, "a thread each"),
}
# A worker is bound to a client for as long as it stays.
WORKER_FOR_EACH = {"process-pool": "--processes", "thread-pool": "--threads"}


class Failed(Exception):
    pass


def descriptors():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def why_not(model, connections):
    """Why this is not measured; empty if it is."""
    most, why = MOST.get(model["name"], (CONNECTIONS[-1], ""))
    if connections > most:
        return why
    if connections + 100 > descriptors():
        return "%d descriptors" % descriptors()
    return ""


class Server:
    def __init__(self, polymux, model, connections, backend):
        name, _, way = model["name"].partition("/")
        command = [polymux, "serve", "--model", name]
        if way:
            command += ["--" + model["variant_option"], way]
        if model["takes_backend"] and backend:
            command += ["--backend", backend]
        if model["name"] in WORKER_FOR_EACH:
            command += [WORKER_FOR_EACH[model["name"]], str(max(connections, 1))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, preexec_fn=allow_descriptors)
        line = self.process.stdout.readline()
        found = re.match(r"listening on (\S+) ", line)
        if not found:
            raise Failed(self.process.communicate(timeout=10)[1].strip() or "it said nothing")
        self.address = found.group(1)

    def usage(self):
        return process_tree.usage(self.process.pid)

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGTERM):
            self.process.send_signal(number)
            try:
                self.process.communicate(timeout=5)
                return
            except subprocess.TimeoutExpired:
                continue
        self.process.kill()
        self.process.communicate()


def allow_descriptors():
    most = descriptors()
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def load(polymux, server, model, connections, seconds):
    command = [polymux, "load", server.address, "-c", str(connections), "-d", str(seconds), "--json",
               "--timeout", "20"]
    if model["name"] == "udp":
        command.append("--udp")
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=allow_descriptors)


def memory_under_load(server, client):
    """The most that it held at a time, looked at now and then."""
    most = process_tree.Usage(0, 0, 0)
    while client.poll() is None:
        most = max(most, server.usage(), key=lambda each: each.bytes)
        time.sleep(0.2)
    return most


def measure(polymux, model, connections, seconds, backend):
    server = Server(polymux, model, connections, backend)
    try:
        before = server.usage()
        client = load(polymux, server, model, connections, seconds)
        most = memory_under_load(server, client)
        out, errors = client.communicate(timeout=60)
        after = server.usage()
    finally:
        server.stop()
    if client.returncode != 0:
        raise Failed(errors.strip().splitlines()[-1] if errors.strip() else "load failed")
    result = json.loads(out)
    answered = max(result["requests"]["answered"], 1)
    return {
        "requests_per_second": result["requests_per_second"],
        "p50_us": result["latency_ns"]["p50"] / 1000,
        "p99_us": result["latency_ns"]["p99"] / 1000,
        # The server's warm-up belongs to it: there are few requests in it.
        "cpu_us": (after.cpu_seconds - before.cpu_seconds) * 1e6 / answered,
        "bytes_per_connection": (most.bytes - before.bytes) / connections,
        "bytes_idle": before.bytes,
        "processes": most.processes,
    }


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def say(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


def measure_all(arguments, models):
    runs, failures = {}, {}
    for number in range(arguments.rounds):
        for connections in arguments.connections:
            for model in models:
                key = (model["name"], connections)
                reason = why_not(model, connections) or failures.get(key)
                if reason:
                    failures[key] = reason
                    continue
                say("round %d of %d: %s, %d connections" % (number + 1, arguments.rounds, *key))
                try:
                    runs.setdefault(key, []).append(
                        measure(arguments.polymux, model, connections, arguments.seconds,
                                arguments.backend))
                except (Failed, subprocess.TimeoutExpired) as failure:
                    failures[key] = str(failure)
                    runs.pop(key, None)
    say("")
    results = [dict(medians(found), model=name, connections=connections, rounds=len(found))
               for (name, connections), found in runs.items()]
    return results, [{"model": name, "connections": connections, "why": why}
                     for (name, connections), why in failures.items()]


def models_of(polymux, wanted):
    listing = subprocess.run([polymux, "models", "--json"], stdout=subprocess.PIPE, check=True,
                             timeout=30)
    models = json.loads(listing.stdout)["models"]
    named = {model["name"]: model for model in models}
    # A way of one, by its own name, if that was asked for.
    named.update({"%s/%s" % (model["name"], way): dict(model, name="%s/%s" % (model["name"], way))
                  for model in models for way in model["variants"]})
    return [named[name] for name in wanted if name in named] if wanted else models


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def make_report(arguments, models):
    start = time.monotonic()
    results, failures = measure_all(arguments, models)
    return {
        "schema": 1,
        "date": datetime.date.today().isoformat(),
        "seconds": round(time.monotonic() - start),
        "rounds": arguments.rounds,
        "machine": {"processor": processor(), "processors": os.cpu_count() or 1,
                    "kernel": "%s %s" % (platform.system(), platform.release())},
        "models": [model["name"] for model in models],
        "connections": list(arguments.connections),
        "results": results,
        "failures": failures,
    }


def deliver(report, arguments):
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "models.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (out / "models.html").write_text(models_html.page(report), encoding="utf-8")
    text = models_table.markdown(report)
    (out / "models.md").write_text(text, encoding="utf-8")
    if arguments.page:
        page = Path(arguments.page)
        page.write_text(report_text.replace_in(page.read_text(encoding="utf-8"), text),
                        encoding="utf-8")
    print(text)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polymux", required=True, metavar="FILE", help="the command, as built")
    parser.add_argument("--out", metavar="FOLDER", default="models-report",
                        help="where models.json, models.html and models.md go")
    parser.add_argument("--page", metavar="FILE",
                        help="a page of Markdown whose measured part is replaced")
    parser.add_argument("--models", metavar="NAMES", default="",
                        help="some, separated by commas; of a way of one, as proactor/simulated")
    parser.add_argument("--backend", metavar="NAME", help="for the models that take one")
    parser.add_argument("--connections", metavar="N,...", default=",".join(map(str, CONNECTIONS)))
    parser.add_argument("--seconds", metavar="S", type=float, default=2.0,
                        help="of load, for each figure and round")
    parser.add_argument("--rounds", metavar="N", type=int, default=3)
    parser.add_argument("--from", metavar="FILE", dest="source",
                        help="measure nothing, report an earlier models.json again")
    arguments = parser.parse_args()
    arguments.models = [name for name in arguments.models.split(",") if name]
    try:
        arguments.connections = [int(each) for each in arguments.connections.split(",")]
    except ValueError:
        parser.error("--connections takes whole numbers separated by commas, as 1,64,1000")
    if min(arguments.connections) < 1 or arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("--connections, --rounds and --seconds want numbers above zero")
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.source:
        report = json.loads(Path(arguments.source).read_text(encoding="utf-8"))
    else:
        models = models_of(arguments.polymux, arguments.models)
        unknown = set(arguments.models) - {model["name"] for model in models}
        if unknown:
            print("run_models.py: no model has the name %s; see 'polymux models'"
                  % ", ".join(sorted(unknown)), file=sys.stderr)
            return 2
        report = make_report(arguments, models)
    deliver(report, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
