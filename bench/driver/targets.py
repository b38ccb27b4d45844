"""What polymux is held to: each a row with its measured figure and pass or falls short."""

from collections import namedtuple

# key     of a result: "value", or what else a result has
# at_most a number, or the name of the subject whose own figure is the limit
Target = namedtuple("Target", "title figure subject key at_most unit")

INSTRUCTIONS = "instructions"
CALLS = "system calls"
BYTES = "bytes"

TARGETS = [
    Target("chain, epoll, 1 active, per event", "chain.n1000.a1.instructions", "polymux/epoll",
           "value", 120, INSTRUCTIONS),
    Target("chain, epoll, 100 active, per event", "chain.n1000.a100.instructions", "polymux/epoll",
           "value", 75, INSTRUCTIONS),
    Target("chain, poll, 10,000 descriptors, 100 active, per event",
           "chain.n10000.a100.instructions", "polymux/poll", "value", "hand/poll", INSTRUCTIONS),
    Target("chain, select, 10,000 descriptors, 100 active, per event",
           "chain.n10000.a100.instructions", "polymux/select", "value", "hand/select",
           INSTRUCTIONS),
    Target("write interest back and forth", "toggle.instructions", "polymux/epoll", "value", 60,
           INSTRUCTIONS),
    Target("write interest back and forth, waits apart", "toggle.calls", "polymux/epoll",
           "without_waits", 0, CALLS),
    Target("schedule a timer of 100,000", "timers.schedule.instructions", "polymux/epoll", "value",
           60, INSTRUCTIONS),
    Target("cancel a timer of 100,000", "timers.cancel.instructions", "polymux/epoll", "value", 45,
           INSTRUCTIONS),
    Target("fire a timer of 100,000", "timers.fire.instructions", "polymux/epoll", "value", 220,
           INSTRUCTIONS),
    Target("server, 64 connections, 64 bytes, per request", "echo.c64.p64.instructions",
           "polymux/epoll", "value", 200, INSTRUCTIONS),
    Target("server, 1 connection, 64 bytes, per request", "echo.c1.p64.instructions",
           "polymux/epoll", "value", 300, INSTRUCTIONS),
    Target("server, 64 connections, 16 KiB, per request", "echo.c64.p16384.instructions",
           "polymux/epoll", "value", 4500, INSTRUCTIONS),
    Target("server, 64 connections, 64 bytes, per request", "echo.c64.p64.calls", "polymux/epoll",
           "value", 2.1, CALLS),
    Target("server, 64 connections, 16 KiB, per request", "echo.c64.p16384.calls", "polymux/epoll",
           "value", 2.2, CALLS),
    Target("server, epoll_ctl per request", "echo.c64.p64.calls", "polymux/epoll",
           "calls.epoll_ctl", 0, CALLS),
    Target("completion server, 64 connections, 64 bytes, per request", "echo.c64.p64.calls",
           "polymux/proactor", "value", 0.1, CALLS),
    Target("completion server, CPU per request", "echo.c64.p64.time", "polymux/proactor", "cpu",
           "hand/epoll", "ns"),
    Target("an idle connection", "memory.idle", "polymux/epoll", "value", 128, BYTES),
    Target("a registration without a watcher", "memory.registration", "polymux/epoll", "value", 32,
           BYTES),
    Target("a timer", "memory.timer", "polymux/epoll", "value", 64, BYTES),
    Target("a wake while awake, the wait apart", "wake_awake.calls", "polymux/epoll",
           "without_waits", 0, CALLS),
    Target("a post to one's own loop, waits apart", "post_own.calls", "polymux/epoll",
           "without_waits", 0, CALLS),
    Target("a change of interest that changes nothing", "modify_same.calls", "polymux/epoll", "value", 0,
           CALLS),
]

# A heap that grows once in 10,000 units is no cost of a unit; nor is what rounds an array of 100,000
# up to whole pages.
NOTHING = {INSTRUCTIONS: 0.002, CALLS: 0.002, BYTES: 0.05}


def value_of(results, figure, subject, key):
    result = results.get(figure, {}).get(subject)
    if result is None:
        return None
    if key.startswith("calls."):
        return result["calls"].get(key[len("calls."):], 0.0)
    return result[key]


def best_of(results, figure, key, is_wanted):
    """(subject, value) of the least, or None."""
    found = [(value_of(results, figure, subject, key), subject)
             for subject in results.get(figure, {}) if is_wanted(subject)]
    return min(found)[::-1] if found else None


def check(target, results):
    measured = value_of(results, target.figure, target.subject, target.key)
    limit = target.at_most
    if isinstance(limit, str):
        limit = value_of(results, target.figure, limit, target.key)
    method = target.subject.split("/")[1]
    same = "hand/" + method
    has_same = same in results.get(target.figure, {})
    is_hand = lambda subject: subject == same if has_same else subject.startswith("hand/")
    # The others wait by epoll here; what scans is no match for that.
    is_peer = lambda subject: (method not in ("poll", "select")
                               and not subject.startswith(("hand/", "polymux/")))
    row = {"title": target.title, "figure": target.figure, "subject": target.subject,
           "unit": target.unit, "measured": measured, "at_most": limit,
           "limit_is": target.at_most if isinstance(target.at_most, str) else None,
           "hand": best_of(results, target.figure, target.key, is_hand),
           "peer": best_of(results, target.figure, target.key, is_peer)}
    if measured is None or limit is None:
        row["verdict"] = "not measured"
    else:
        slack = NOTHING.get(target.unit, 0)
        row["verdict"] = "pass" if measured <= limit + slack else "falls short"
    return row


def check_all(results):
    return [check(target, results) for target in TARGETS]
