"""What the pages leave open, and what it is in the test."""

import random
import re
import socket

from outcome import Wrong

ADDRESS = re.compile(r"(?P<host>127\.0\.0\.1|\[::1\]|localhost):(?P<port>\d+)\b")


# Below those that systems give to clients: no other test's client can take it meanwhile.
PORTS = range(20_000, 30_000)


def can_bind(family, host, port):
    try:
        with socket.socket(family) as probe:
            probe.bind((host, port))
    except OSError:
        return False
    return True


def free_port():
    for _ in range(1000):
        port = random.choice(PORTS)
        if can_bind(socket.AF_INET, "127.0.0.1", port):
            return port
    raise Wrong("no port is free")


class Places:
    """Ports that a page names become free ones, the same for the same; so do PORT, PID and PREFIX."""

    def __init__(self, test):
        self.test = test
        self.ports = {}
        self.values = {"PREFIX": str(test.prefix)}
        self.has_ipv6 = can_bind(socket.AF_INET6, "::1", 0)

    def put(self, text):
        for name, value in self.values.items():
            text = re.sub(rf"\b{name}\b", str(value), text)
        if not self.has_ipv6:
            text = text.replace("[::1]", "127.0.0.1")
        text = ADDRESS.sub(self._put_port, text)
        for page_port, port in self.ports.items():
            text = re.sub(rf"(?<=127\.0\.0\.1 ){page_port}\b", str(port), text)
        return re.sub(r"unix:/(run|tmp)/(?=[\w.]+([^\w/]|$))", f"unix:{self.test.work}/", text)

    def _put_port(self, match):
        number = match["port"]
        if number == "0" or int(number) in self.ports.values() or number == str(self.values.get("PORT")):
            return match[0]
        if number not in self.ports:
            self.ports[number] = free_port()
        return f"{match['host']}:{self.ports[number]}"

    def take_out(self, text):
        """The other way round, for outputs: as the page has it."""
        for page_port, port in self.ports.items():
            text = re.sub(rf"\b{port}\b", page_port, text)
        for name, value in self.values.items():
            text = re.sub(rf"(?<![\w.]){re.escape(str(value))}\b", name, text)
        return text
