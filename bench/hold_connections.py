#!/usr/bin/env python3
"""How many connections a server of processes holds at once, and what one costs.

usage: hold_connections.py --polymux FILE [--connections N] [--processes P] [--model NAME]

Starts a server and as many `polymux load` as it takes, each from an address of its own (127.0.0.2,
127.0.0.3 ...). Every connection is answered once when it is made and once more at the end, after all
have been open at the same time; every answer is compared. Prints the memory of the server's
processes in user space, by connection, and exits 1 if one connection was refused, lost or answered
wrongly.

Each process may open as many descriptors as `ulimit -n` says: P processes hold P times as many, less
some 20 each. What the kernel has for the sockets (some kilobytes each, for both ends) is not
measured. Linux alone: other systems have no /proc to ask, and one address for the loopback device.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Of the 28,232 ports that Linux has for an address, lest to look for one takes long.
MOST_OF_AN_ADDRESS = 15_000
SPARE_DESCRIPTORS = 64


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polymux", required=True, help="the command")
    parser.add_argument("--connections", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=0, help="otherwise as many as it takes")
    parser.add_argument("--model", default="prefork-reactor")
    parser.add_argument("--backend", default="")
    parser.add_argument("--hold", type=float, default=0,
                        help="seconds from the last connection of a client to its last question; "
                             "otherwise by the number of connections")
    return parser.parse_args()


def descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


def private_bytes(pid):
    """What a process alone has in memory."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"^Private_\w+:\s+(\d+) kB", text, re.M)) * 1024


def children_of(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


class Server:
    def __init__(self, options, processes):
        self.errors = tempfile.TemporaryFile("w+")
        backend = ["--backend", options.backend] if options.backend else []
        count = ["--processes", str(processes)] if options.model.startswith("prefork") else []
        self.process = subprocess.Popen(
            [options.polymux, "serve", "--model", options.model, *count, *backend,
             "--idle-timeout", "0", "--stats-interval", "0.5"],
            stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            sys.exit(f"no server: {self.errors.read()}")
        self.address = line.split()[2]

    @property
    def pids(self):
        return [self.process.pid, *children_of(self.process.pid)]

    def memory(self):
        return sum(private_bytes(pid) for pid in self.pids)

    def active(self):
        """As the last line of counters says."""
        self.errors.seek(max(0, self.errors.seek(0, os.SEEK_END) - 4096))
        found = re.findall(r"stats active=(\d+) ", self.errors.read())
        return int(found[-1]) if found else 0

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


def start_clients(options, address, hold):
    left, number = options.connections, 2
    while left > 0:
        share = min(left, MOST_OF_AN_ADDRESS)
        yield subprocess.Popen(
            [options.polymux, "load", address, "-c", "0", "--idle", str(share), "-d", str(hold),
             "--timeout", "60", "--source", f"127.0.0.{number}", "--json"],
            stdout=subprocess.PIPE, text=True)
        left, number = left - share, number + 1


def wait_until_full(server, clients, wanted):
    """The greatest number of connections that were open at once."""
    most = 0
    while most < wanted and all(client.poll() is None for client in clients):
        most = max(most, server.active())
        if sys.stderr.isatty():
            print(f"\r{most:,} connections", end="", file=sys.stderr, flush=True)
        time.sleep(0.25)
    return most


def main():
    options = parse_arguments()
    limit = descriptor_limit()
    processes = options.processes or -(-options.connections // (limit - SPARE_DESCRIPTORS))
    hold = options.hold or 10 + options.connections / 2500
    server = Server(options, processes)
    clients = []
    try:
        before = server.memory()
        start = time.monotonic()
        clients += start_clients(options, server.address, hold)
        most = wait_until_full(server, clients, options.connections)
        took = time.monotonic() - start
        after = server.memory()
        workers = [(len(os.listdir(f"/proc/{pid}/fd")), pid) for pid in server.pids]
        reports = [json.loads(client.communicate(timeout=hold + 300)[0]) for client in clients]
    finally:
        for client in clients:
            with contextlib.suppress(ProcessLookupError):
                if client.poll() is None:
                    client.kill()
                    client.wait()
        code = server.end()
    kept = sum(report["connections"]["idle_kept"] for report in reports)
    print(f"model={options.model} processes={len(workers)} descriptors each may open={limit:,}")
    print(f"open at once: {most:,} of {options.connections:,}, after {took:.1f} s")
    print(f"most descriptors of a process: {max(workers)[0]:,}")
    print(f"answered at the end too: {kept:,}")
    print(f"memory of the server in user space: {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB "
          f"then, {(after - before) / max(most, 1):.0f} bytes a connection")
    is_well = kept == most == options.connections and code == 0
    return 0 if is_well and all(client.returncode == 0 for client in clients) else 1


if __name__ == "__main__":
    sys.exit(main())
