"""What is measured: each figure is one workload with its parameters, and how it is looked at."""

from collections import namedtuple

# id          for targets and the JSON
# title, unit for people
# how         "instructions", "calls" (two runs, the difference), "heap" (one run), "time" (repeated)
# workload    of the programs
# less, more  parameters of the two runs, or `more` alone
# wanted      a regular expression on peer/variant, or None for all that can
# units       by which the difference is divided, where it is not that of the units done
Figure = namedtuple("Figure", "id title unit how workload less more wanted units")

MAIN = r"^(polymux/(epoll|poll|select|io_uring|proactor)|hand/|libev/|libevent/|libuv/|asio/)"
QUICK = r"^(polymux/(epoll|proactor)|hand/(epoll|io_uring)|libev/|libevent/|libuv/|asio/)"
SCANNING = r"^(polymux|hand)/(poll|select)"
# For what does not depend on the backend.
ONE_BACKEND = r"^(polymux/epoll|hand/|libev/|libevent/|libuv/|asio/)"
POLYMUX = r"^polymux/"

# These scan all that is registered in each wait, in the kernel too: fewer events will do.
CHAIN_EVENTS = {1: (200, 1200), 100: (1000, 11000)}
# Tokens need room between them, or they meet.
CHAIN_SIZES = {1: (100, 1000, 10000), 100: (1000, 3000, 10000)}
THREADED = {"post", "ping"}
SERVERS = {"echo", "accept", "idle"}


def figure(identity, title, unit, how, workload, more, less=None, wanted=None, units=None):
    return Figure(identity, title, unit, how, workload, less, more, wanted, units)


def counted(identity, title, unit, workload, count, less, more, fixed=None, wanted=None,
            hows=("instructions", "calls")):
    """The same work counted in several ways; `count` names the parameter that differs."""
    fixed = fixed or {}
    return [figure(identity + "." + how, title, unit, how, workload,
                   dict(fixed, **{count: more}), dict(fixed, **{count: less}), wanted)
            for how in hows]


def chains(is_quick):
    figures = []
    for active in (1, 100):
        for descriptors in ((1000, 10000) if is_quick else CHAIN_SIZES[active]):
            less, more = CHAIN_EVENTS[active]
            title = "chain: %d descriptors, %d active" % (descriptors, active)
            key = "chain.n%d.a%d" % (descriptors, active)
            fixed = {"descriptors": descriptors, "active": active}
            # All are active already, which says nothing on the number of descriptors.
            if not is_quick or descriptors == 1000 or active == 100:
                wanted = (SCANNING if descriptors == 10000 else QUICK) if is_quick else None
                figures += counted(key, title, "event", "chain", "events", less, more, fixed,
                                   wanted, ("instructions",))
            if not is_quick and descriptors == 1000:
                figures += counted(key, title, "event", "chain", "events", less, more, fixed, MAIN,
                                   ("calls",))
            if active == 100:
                figures.append(figure(key + ".time", title, "event", "time", "chain",
                                      dict(fixed, events=20000),
                                      wanted=QUICK if is_quick else MAIN))
    return figures


def registrations(is_quick):
    figures = []
    titles = {"toggle": "write interest back and forth between two waits"}
    if not is_quick:
        titles.update(add_remove="register and take out again", modify="change write interest")
    for workload, title in titles.items():
        wanted = ONE_BACKEND if is_quick else None
        figures += counted(workload, title, "pair" if workload != "modify" else "change", workload,
                           "rounds", 2, 12, {"descriptors": 200}, wanted)
        if not is_quick:
            figures.append(figure(workload + ".time", title, "pair", "time", workload,
                                  {"descriptors": 1000, "rounds": 20}, wanted=MAIN))
    return figures


def timers(is_quick):
    count = 100000
    figures = []
    for name, step, before in (("schedule", 1, 0), ("cancel", 2, 1), ("fire", 3, 1)):
        title = "timers: %s one of %d" % (name, count)
        figures.append(figure("timers.%s.instructions" % name, title, "timer", "instructions",
                              "timers", {"timers": count, "step": step},
                              {"timers": count, "step": before}, ONE_BACKEND, count))
        if not is_quick:
            figures.append(figure("timers.%s.time" % name, title, "timer", "time", "timers",
                                  {"timers": count, "step": step}, wanted=ONE_BACKEND))
    return figures


def threads(is_quick):
    figures = [
        figure("post.time", "tasks posted by another thread", "task", "time", "post",
               {"tasks": 50000}, wanted=QUICK if is_quick else MAIN),
        figure("ping.time", "a task to a sleeping loop, and back", "round trip", "time", "ping",
               {"trips": 5000}, wanted=QUICK if is_quick else MAIN),
    ]
    if not is_quick:
        figures += counted("ping", "a task to a sleeping loop, and back", "round trip", "ping",
                           "trips", 500, 2500, wanted=MAIN, hows=("calls",))
    figures += counted("post_own", "tasks posted to one's own loop", "task", "post_own", "tasks",
                       2000, 12000, wanted=ONE_BACKEND)
    polymux = POLYMUX + "epoll" if is_quick else POLYMUX
    figures += counted("wake_awake", "a wake of a poller that is awake", "wake", "wake_awake",
                       "wakes", 1000, 11000, wanted=polymux)
    figures += counted("modify_same", "a change of interest that changes nothing", "change",
                       "modify_same", "changes", 1000, 11000, wanted=polymux)
    return figures


def memory(is_quick):
    return [
        figure("memory.registration", "a registration without a watcher", "registration", "heap",
               "registration_memory", {"count": 10000}),
        figure("memory.watcher", "a watched descriptor, the program's object included",
               "descriptor", "heap", "watcher_memory", {"count": 10000}),
        figure("memory.timer", "an active timer", "timer", "heap", "timer_memory",
               {"count": 100000}, wanted=ONE_BACKEND),
        figure("memory.idle", "an idle connection", "connection", "heap", "idle",
               {"idle": 2000 if is_quick else 10000, "busy": 1, "requests": 1},
               wanted=QUICK if is_quick else None),
    ]


ECHOS = {  # connections, payload -> requests of the two counted runs, of a timed one
    (1, 64): (500, 2500, 10000),
    (64, 64): (3200, 16000, 40000),
    (64, 16384): (640, 2560, 10000),
    (64, 65536): (None, None, 3000),
    (1000, 64): (None, None, 40000),
    (10000, 64): (None, None, 30000),
}


def echos(is_quick):
    figures = []
    for (busy, payload), (less, more, timed) in ECHOS.items():
        title = "echo: %d connections, %d bytes" % (busy, payload)
        key = "echo.c%d.p%d" % (busy, payload)
        fixed = {"busy": busy, "payload": payload}
        wanted = QUICK if is_quick else None
        if less and not (is_quick and busy == 1):
            figures += counted(key, title, "request", "echo", "requests", less, more, fixed, wanted)
        elif less:
            figures += counted(key, title, "request", "echo", "requests", less, more, fixed, wanted,
                               ("instructions",))
        if not is_quick or (busy, payload) == (64, 64):
            figures.append(figure(key + ".time", title, "request", "time", "echo",
                                  dict(fixed, requests=timed), wanted=wanted))
    if is_quick:
        return figures
    figures.append(figure("echo.idle10000.time", "echo: 16 busy beside 10000 idle connections",
                          "request", "time", "echo",
                          {"busy": 16, "idle": 10000, "payload": 64, "requests": 8000}))
    figures += counted("accept", "accept, one answer, hang-up", "connection", "accept", "requests",
                       320, 1280)
    figures.append(figure("accept.time", "accept, one answer, hang-up", "connection", "time",
                          "accept", {"requests": 5000}))
    return figures


def upper_case(is_quick):
    figures = []
    for payload in (64, 16384):
        title = "toupper alone: %d bytes" % payload
        key = "upper_case.p%d" % payload
        fixed = {"payload": payload}
        figures += counted(key, title, "byte", "upper_case", "rounds", 100, 1100, fixed,
                           hows=("instructions",))
        if not is_quick:
            figures.append(figure(key + ".time", title, "byte", "time", "upper_case",
                                  dict(fixed, rounds=20000000 // payload)))
    return figures


def whole(is_quick):
    parts = (chains, registrations, timers, threads, memory, echos, upper_case)
    return [each for part in parts for each in part(is_quick)]


# Tiny, for the test: parameters of each workload that make it end at once.
SMOKE = {
    "chain": {"descriptors": 20, "active": 4, "events": 100},
    "add_remove": {"descriptors": 10, "rounds": 2},
    "modify": {"descriptors": 10, "rounds": 2},
    "toggle": {"descriptors": 10, "rounds": 2},
    "timers": {"timers": 100, "step": 3},
    "post": {"tasks": 200},
    "ping": {"trips": 50},
    "post_own": {"tasks": 250},
    "watcher_memory": {"count": 20},
    "timer_memory": {"count": 20},
    "registration_memory": {"count": 20},
    "wake_awake": {"wakes": 20},
    "modify_same": {"changes": 20},
    "upper_case": {"payload": 100, "rounds": 3},
    "echo": {"busy": 4, "idle": 3, "payload": 70000, "requests": 40},
    "accept": {"busy": 4, "requests": 40},
    "idle": {"busy": 1, "idle": 10, "requests": 1},
}
# What each has to have done then.
SMOKE_UNITS = {
    "chain": 100, "add_remove": 20, "modify": 20, "toggle": 20, "timers": 100, "post": 200,
    "ping": 50, "post_own": 250, "watcher_memory": 20, "timer_memory": 20,
    "registration_memory": 20, "wake_awake": 20, "modify_same": 20, "upper_case": 300, "echo": 40,
    "accept": 40, "idle": 10,
}
