"""`polymux ...` as a page has it, run with all of its options, for a moment."""

import re

from outcome import Wrong
from places import ADDRESS
from processes import Background, run

# Of `polymux load`: numbers that are made small enough for a test, and those that are added.
LOAD = {"-c": "2", "-n": "20", "-d": "0.1", "--rate": "200", "--idle": "2", "--connections": "2", "--requests": "20",
        "--duration": "0.1"}
# Rules and kinds of descriptors enough to show that the command does what is asked for.
CONFORMANCE = ["--rule", "OPEN-2"]
PROBE = ["--kind", "pipe-read"]


def check(test, arguments):
    if not arguments:
        raise Wrong("polymux without a command")
    command = arguments[0]
    arguments = [command, *(word.replace("$i", "2") for word in arguments[1:])]
    if command == "serve":
        serve(test, arguments)
    elif command == "load":
        load(test, arguments)
    elif command == "conformance":
        once(test, shortened(arguments, {"--repeat": "1"}), CONFORMANCE)
    elif command == "probe":
        once(test, arguments, PROBE if "--list" not in arguments else [])
    else:
        once(test, arguments, [])
    return f"polymux {command}: takes its options"


def shortened(arguments, values):
    return [values.get(before, word) for before, word in zip(["", *arguments], arguments)]


def once(test, arguments, added):
    arguments = [*arguments, *([] if added and added[0] in arguments else added)]
    status, said = run([test.polymux, *arguments], test.work, test.environment)
    if status != 0:
        raise Wrong(f"polymux {' '.join(arguments)} ends with {status}:\n{said}")


def serve(test, arguments):
    """It has to listen, and to end when it is told to."""
    if not test.is_root:
        arguments = without(arguments, ("--user", "--group"))
    file = next((word for before, word in zip(arguments, arguments[1:]) if before == "--config"), None)
    if file and not (test.folder / file).exists():
        raise Wrong(f"{file} is no file that this page has saved before")
    server = Background([test.polymux, *(any_port(test, word) for word in arguments)], test.folder, test.environment)
    test.clean_up(server)
    server.first_line()
    status, _ = server.end()
    if status != 0:
        raise Wrong(f"polymux {' '.join(arguments)} ends with {status}: {server.log()}")


def without(arguments, options):
    return [word for before, word in zip(["", *arguments], arguments) if word not in options and before not in options]


def any_port(test, word):
    return ADDRESS.sub(r"\g<host>:0", test.places.put(word))


def load(test, arguments):
    """Against a server of the same kind."""
    target = next((word for word in arguments[1:] if re.match(r"^(\S+:(\d+|PORT)|unix:.*)$", word)), None)
    if not target:
        raise Wrong("polymux load without an address")
    where = f"unix:{test.work}/load.sock" if target.startswith("unix:") else "127.0.0.1:0"
    model = ["--model", "udp"] if "--udp" in arguments else []
    server = Background([test.polymux, "serve", "--listen", where, *model], test.work, test.environment)
    test.clean_up(server)
    where = server.first_line().split()[2]
    arguments = [where if word == target else word for word in shortened(arguments, LOAD)]
    if not {"-n", "-d", "--requests", "--duration"} & set(arguments):
        arguments += ["-d", "0.1"]
    once(test, arguments, [])
    server.end()
