"""What a process and all that it has started cost: CPU time and memory, as Linux has them in /proc."""

import os
from collections import namedtuple
from pathlib import Path

# cpu_seconds  of the living ones, and of those that were waited for
# bytes        anonymous memory (heap, stacks, written data), of what several share each one's part; not
#              the program's text, which whoever runs the same file shares
Usage = namedtuple("Usage", "cpu_seconds bytes processes")

TICKS = os.sysconf("SC_CLK_TCK")


def stat_of(pid):
    """The fields of /proc/PID/stat after the name, which may have blanks of its own."""
    return Path("/proc/%s/stat" % pid).read_text().rpartition(")")[2].split()


def children():
    """{parent: [child, ...]} of every process."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            found.setdefault(int(stat_of(entry)[1]), []).append(int(entry))
        except (OSError, IndexError):
            continue  # It has ended meanwhile.
    return found


def tree(root):
    below = children()
    members, rest = [], [root]
    while rest:
        member = rest.pop()
        members.append(member)
        rest += below.get(member, [])
    return members


def share_of_memory(pid):
    for line in Path("/proc/%d/smaps_rollup" % pid).read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) * 1024
    return 0


def usage(root, wants_memory=True):
    cpu, memory, count = 0, 0, 0
    for pid in tree(root):
        try:
            fields = stat_of(pid)
            # utime, stime, cutime, cstime: proc_pid_stat(5), 14 to 17.
            cpu += sum(int(field) for field in fields[11:15])
            if wants_memory:
                memory += share_of_memory(pid)
            count += 1
        except (OSError, IndexError, ValueError):
            continue
    return Usage(cpu / TICKS, memory, count)
