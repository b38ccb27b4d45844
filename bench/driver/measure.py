"""Runs a plan: counted figures side by side on all processors, timed ones one after another and in
turns, so that what disturbs the machine disturbs all alike."""

import os
import statistics
import sys
import threading
import time
from collections import namedtuple
from concurrent.futures import Future, ThreadPoolExecutor

import plan
import programs

# Waits, without which no loop would be one.
WAITS = {"epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6",
         "io_uring_enter", "rt_sigtimedwait", "kevent"}


def say(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text[:100])
        sys.stderr.flush()


class Measurement:
    """The results by figure and subject."""

    def __init__(self, all_programs, wanted=None):
        self.programs = all_programs
        self.wanted = wanted
        self.results = {}
        self.failures = []
        self.begun = time.monotonic()
        self.counts = Counts()

    def seconds(self):
        return time.monotonic() - self.begun

    def subjects(self, figure):
        found = [each for each in self.programs.subjects(figure.workload, figure.wanted)
                 if can_count(figure, each)]
        if self.wanted is None:
            return found
        wanted = {programs.name_of(each)
                  for each in self.programs.subjects(figure.workload, self.wanted)}
        return [each for each in found if programs.name_of(each) in wanted]

    def put(self, figure, subject, result):
        self.results.setdefault(figure.id, {})[programs.name_of(subject)] = result

    def try_one(self, figure, subject, call):
        try:
            return call()
        except programs.Failed as failure:
            self.failures.append({"figure": figure.id, "subject": programs.name_of(subject),
                                  "why": str(failure)})
            return None

    def count_all(self, figures):
        jobs = [(figure, subject) for figure in figures for subject in self.subjects(figure)]
        done = []

        def work(job):
            figure, subject = job
            result = self.try_one(figure, subject, lambda: count_one(self.counts, figure, subject))
            done.append(job)
            say("counted %d of %d, %.0f s: %s" % (len(done), len(jobs), self.seconds(), figure.id))
            return result

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for (figure, subject), result in zip(jobs, pool.map(work, jobs)):
                if result is not None:
                    self.put(figure, subject, result)

    def time_all(self, figures, repeats, deadline):
        """So many rounds, or fewer, but one, if the whole would take longer than `deadline` seconds."""
        samples = {}
        for turn in range(repeats):
            for figure in figures:
                subjects = self.subjects(figure)
                # Another begins each time.
                first = turn % max(len(subjects), 1)
                for subject in subjects[first:] + subjects[:first]:
                    if turn > 0 and self.seconds() > deadline:
                        continue
                    say("round %d, %.0f s: %s %s" % (turn + 1, self.seconds(), figure.id,
                                                     programs.name_of(subject)))
                    result = self.try_one(figure, subject, lambda: programs.run_plain(
                        subject, figure.workload, figure.more))
                    rounds = samples.setdefault((figure.id, subject), (figure, [None] * repeats))[1]
                    rounds[turn] = result
        for (_, subject), (figure, rounds) in samples.items():
            if any(rounds):
                self.put(figure, subject, summary_of(rounds))


def can_count(figure, subject):
    """valgrind 3.19 does not end a wait in io_uring_enter for the signal of the clients."""
    is_server = figure.workload in plan.SERVERS
    is_ring = subject.variant in ("io_uring", "proactor")
    return not (figure.how == "instructions" and is_server and is_ring)


class Counts:
    """Counted runs, each made once though several figures may need it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.made = {}

    def get(self, how, subject, workload, parameters):
        key = (how, subject, workload, tuple(sorted(parameters.items())))
        with self.lock:
            is_new = key not in self.made
            future = self.made.setdefault(key, Future())
        if is_new:
            try:
                future.set_result(self.make(how, subject, workload, parameters))
            except programs.Failed as failure:
                future.set_exception(failure)
        return future.result()

    @staticmethod
    def make(how, subject, workload, parameters):
        if how == "instructions":
            return programs.count_instructions(subject, workload, parameters)
        return programs.count_system_calls(subject, workload, parameters,
                                           workload in plan.THREADED)


def count_one(counts, figure, subject):
    if figure.how == "heap":
        result = programs.run_plain(subject, figure.workload, figure.more)
        return {"value": result["heap_bytes"] / result["units"]}
    less = counts.get(figure.how, subject, figure.workload, figure.less)
    more = counts.get(figure.how, subject, figure.workload, figure.more)
    each = programs.per_unit(less, more, figure.units)
    if figure.how == "instructions":
        return {"value": each["instructions"]}
    return {"value": sum(each.values()),
            "without_waits": sum(each[name] for name in each if name not in WAITS),
            "calls": {name: value for name, value in each.items() if abs(value) >= 0.0005}}


def summary_of(rounds):
    """Nanoseconds a unit: medians, and each round's in its order, None where there was none."""
    def of(key):
        return [result and result[key] / result["units"] * 1e9 for result in rounds]

    done = [result for result in rounds if result]
    wall = [each for each in of("seconds") if each is not None]
    summary = {"value": statistics.median(wall), "least": min(wall), "most": max(wall),
               "rounds": of("seconds"),
               "cpu": statistics.median(each for each in of("cpu_seconds") if each is not None)}
    names = [name for name in done[0] if name.startswith("latency_us_p")]
    if names:
        summary["latency_us"] = {
            name[len("latency_us_p"):]: statistics.median(result[name] for result in done)
            for name in names}
    return summary


Ratio = namedtuple("Ratio", "median least most rounds")


def ratio_to(result, reference):
    """Of the same rounds, so that what slows both falls out."""
    ratios = [mine / theirs for mine, theirs in zip(result["rounds"], reference["rounds"])
              if mine and theirs]
    if not ratios:
        return None
    return Ratio(statistics.median(ratios), min(ratios), max(ratios), len(ratios))


# By chance alone five rounds all fall on one side once in sixteen times, three once in four.
ENOUGH_ROUNDS = 5


def verdict_of(ratio):
    """What a ratio of times says."""
    if ratio.least <= 1 <= ratio.most:
        return "no conclusion: the spread holds 1"
    if ratio.rounds < ENOUGH_ROUNDS:
        return "no conclusion: too few rounds (%d)" % ratio.rounds
    return "slower" if ratio.median > 1 else "faster"
