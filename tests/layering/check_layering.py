#!/usr/bin/env python3
"""Reads the includes of the tree and says which ones cross a layer.

usage: check_layering.py ROOT

Prints one line for each violation, `file:line: what is wrong`, and exits 1 if there was any.
"""

import re
import sys
from pathlib import Path

SOURCES = {".cpp", ".hpp", ".h"}
FOLDERS = ("core", "backends", "platform", "apps", "tests/conformance")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")')
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b")
SYSTEM_MACRO = re.compile(
    r"\b(__linux__|__linux|__gnu_linux__|__APPLE__|__MACH__|__FreeBSD__|__NetBSD__|__OpenBSD__|"
    r"__DragonFly__|__sun|__unix__|__ANDROID__|__CYGWIN__|_WIN32)\b")

STANDARD = set("""
algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
condition_variable coroutine deque exception execution filesystem forward_list fstream functional
future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map
memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex
scoped_allocator semaphore set shared_mutex span sstream stack stdexcept streambuf string
string_view system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set
utility valarray variant vector version
cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath csetjmp csignal cstdarg cstddef
cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype
""".split())

# Whose subject is the multiplexers themselves.
PROBE = "apps/polymux/probe"

# What a layer may use of this tree beside its own folder: prefixes of paths from the root.
# Layers are looked up by the longest prefix.
LAYERS = {
    "core/poller": [],
    "core/loop": ["core/poller", "platform"],
    "core/coroutine": ["core/poller", "core/loop"],
    "core/service": ["core/poller", "core/loop", "platform"],
    "core/models": ["core/poller", "core/loop", "core/coroutine", "core/service", "platform"],
    "core/testing": ["core/poller"],
    "core": ["core"],
    "platform": ["core/poller/event.hpp", "core/poller/flags.hpp", "core/poller/error.hpp",
                 "core/poller/capabilities.hpp"],
    "backends/support": ["core/poller", "platform"],
    "apps": ["installed"],
    # A client opens sockets, for which the library has no public door, and uses its loop.
    "apps/polymux/load": ["installed", "platform"],
    # A service manager is spoken to by a socket.
    "apps/polymux/operation": ["installed", "platform"],
    # It asks the kernel without us, and says so: it knows nothing of this tree but itself.
    PROBE: [],
    "tests/conformance": ["installed", "tests/support"],
}
BACKEND = ["core/poller", "platform", "backends/support"]

# A macro, and nothing that one could know more of.
EVERYWHERE = {"core/export.hpp"}

# Installed headers that are not under core/: <polymux/conformance.hpp> is found beside the suite.
CONFORMANCE_INCLUDE = "tests/conformance/include/"

# Only the registry knows which backends there are, by the list that the build writes.
GENERATED = "backend_list.hpp"
GENERATED_USER = "core/poller/registry.cpp"


def without_comments(text):
    """The text with comments blanked and line numbers kept; strings stay."""
    token = re.compile(
        r'R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
        r'|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)

    def blank(match):
        found = match.group()
        return re.sub(r"[^\n]", " ", found) if found.startswith("/") else found

    return token.sub(blank, text)


def words(line):
    """The words of the identifiers and strings of a line: EpollPoller has epoll and poller."""
    # A server model, and no backend.
    line = re.sub(r"busy[-_]poll|BusyPoll", "", line)
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", line)
    return {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]*", spaced)}


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.backends = sorted(
            path.name for path in (self.root / "backends").glob("*/")
            if path.is_dir() and path.name != "support")
        self.installed = self._installed_headers()

    def files(self):
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in SOURCES and path.is_file():
                    yield path.relative_to(self.root).as_posix()

    def lines(self, file):
        text = (self.root / file).read_text(encoding="utf-8", errors="replace")
        return without_comments(text).split("\n")

    def _installed_headers(self):
        listing = self.root / "core" / "CMakeLists.txt"
        text = listing.read_text(encoding="utf-8") if listing.exists() else ""
        found = re.search(r"set\(\s*polymux_public_headers\s+([^)$]*)\)", text)
        core = {f"core/{name}" for name in found.group(1).split()} if found else set()
        suite = {path.relative_to(self.root).as_posix()
                 for path in (self.root / CONFORMANCE_INCLUDE).rglob("*.hpp")}
        return core | suite


def layer_of(file):
    """The folder that a file belongs to, and what that folder may use."""
    parts = file.split("/")
    if parts[0] == "backends" and len(parts) > 2 and parts[1] != "support":
        return "/".join(parts[:2]), BACKEND
    layer = max((name for name in LAYERS if file.startswith(name + "/")), key=len)
    return layer, LAYERS[layer]


def is_under(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def check_own_include(tree, file, target):
    """Why `file` must not include `target`, a path from the root; empty if it may."""
    layer, allowed = layer_of(file)
    own = "/".join(file.split("/")[:2]) if layer == "apps" else layer
    if is_under(target, own) or target in EVERYWHERE:
        return ""
    if "installed" in allowed and target in tree.installed:
        return ""
    if any(is_under(target, prefix) for prefix in allowed):
        return ""
    if "installed" in allowed and is_under(target, "core"):
        return f"{layer} takes installed headers only, and {target} is not one"
    return f"{layer} must not know {target}"


def check_include(tree, file, angled, quoted):
    if angled is not None:
        if angled.startswith("polymux/"):
            beside_the_suite = CONFORMANCE_INCLUDE + angled
            if (tree.root / beside_the_suite).exists():
                return check_own_include(tree, file, beside_the_suite)
            return check_own_include(tree, file, "core" + angled[len("polymux"):])
        if file.startswith("core/") and angled not in STANDARD:
            return f"core takes the standard library only, and <{angled}> is not of it"
        return ""
    if quoted.endswith(GENERATED):
        return "" if file == GENERATED_USER else f"only {GENERATED_USER} reads {GENERATED}"
    if is_under(file, "apps") or is_under(file, "tests/conformance"):
        if is_under(quoted, "core"):
            return f"use <polymux{quoted[len('core'):]}>, the installed header"
    target = quoted
    if not (tree.root / quoted).exists():
        beside = (tree.root / file).parent / quoted
        if not beside.exists():
            return f'"{quoted}" is neither a path from the root nor a file beside this one'
        target = beside.resolve().relative_to(tree.root.resolve()).as_posix()
    return check_own_include(tree, file, target)


def check_line(tree, file, line):
    """Every rule that looks at one line."""
    include = INCLUDE.match(line)
    if include:
        yield check_include(tree, file, *include.groups())
        return
    if file.startswith(("core/", "apps/")) and CONDITION.match(line):
        macro = SYSTEM_MACRO.search(line)
        if macro:
            yield f"{macro.group()} belongs to platform/ or backends/, as a file of its own"
    if file.startswith("core/"):
        for name in sorted(words(line) & set(tree.backends)):
            yield f"core must not name the backend {name}"


def check_epoll_header(includers):
    """<sys/epoll.h> is included once among the backends, at most once in platform/, and by the probe."""
    backends = [place for place in includers if place.startswith("backends/")]
    platform = [place for place in includers if place.startswith("platform/")]
    for place in includers:
        if not place.startswith(("backends/", "platform/", PROBE + "/")):
            yield f"{place}: <sys/epoll.h> belongs to backends/"
        elif not place.split(":")[0].endswith(".cpp"):
            yield f"{place}: <sys/epoll.h> belongs in a .cpp"
    for group in (backends, platform):
        for place in group[1:]:
            yield f"{place}: <sys/epoll.h> is already included by {group[0]}"


def violations(root):
    tree = Tree(root)
    found, epoll = [], []
    count = 0
    for file in tree.files():
        count += 1
        for number, line in enumerate(tree.lines(file), 1):
            place = f"{file}:{number}"
            if re.match(r"\s*#\s*include\s*<sys/epoll\.h>", line):
                epoll.append(place)
            found += [f"{place}: {why}" for why in check_line(tree, file, line) if why]
    found += check_epoll_header(epoll)
    if count == 0:
        found.append(f"{root}: no source file found")
    return found, count


def main(arguments):
    if len(arguments) != 1:
        print("usage: check_layering.py ROOT", file=sys.stderr)
        return 2
    found, count = violations(arguments[0])
    for violation in found:
        print(violation)
    print(f"{count} files read, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
