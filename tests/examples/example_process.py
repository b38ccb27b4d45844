"""An example that runs, for the tests of it: its lines, its end, and clients. Everything has a deadline."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time

SECONDS = 20


def expect(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r}, and not {expected!r}")


class Example:
    """A started program; ended with the block."""

    def __init__(self, *command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def line(self):
        """The next line of its output, without the end of line."""
        text = b""
        deadline = time.monotonic() + SECONDS
        while not text.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self.process.stdout], [], [], left)
            byte = os.read(self.process.stdout.fileno(), 1) if ready else b""
            if not byte:
                sys.exit(f"no line, but {text!r}")
            text += byte
        return text.decode().rstrip("\n")

    def port(self):
        return int(self.line().rpartition(":")[2])

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def send_signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Ends it by SIGTERM; it has to end with 0."""
        self.send_signal(signal.SIGTERM)
        self.expect_end()

    def expect_end(self):
        expect(self.process.wait(timeout=SECONDS), 0, "exit status")


def connect(port, receive_buffer=None):
    client = socket.socket()
    client.settimeout(SECONDS)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", port))
    return client


def receive_exactly(client, count):
    data = bytearray()
    while len(data) < count:
        piece = client.recv(min(1 << 18, count - len(data)))
        if not piece:
            break
        data += piece
    return bytes(data)


class Lines:
    """The lines that a client receives, without their ends."""

    def __init__(self, client):
        self.file = client.makefile("rb")

    def next(self):
        line = self.file.readline()
        if not line.endswith(b"\n"):
            sys.exit(f"the connection has ended after {line!r}")
        return line.decode().rstrip("\n")


def receive_to_end(client):
    data = bytearray()
    while piece := client.recv(1 << 18):
        data += piece
    return bytes(data)


def send_until_stuck(client, block, patience=0.5, most=1 << 28):
    """Sends while it goes; returns how much that was."""
    sent = 0
    client.setblocking(False)
    while sent < most:
        _, writable, _ = select.select([], [client], [], patience)
        if not writable:
            break
        with contextlib.suppress(BlockingIOError):
            sent += client.send(block)
    client.settimeout(SECONDS)
    return sent


def expect_idle(process, seconds=0.5):
    """It takes no CPU to speak of; where there is no /proc, nothing is measured."""
    def used():
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    if not os.path.exists(f"/proc/{process.pid}/stat"):
        return
    before = used()
    time.sleep(seconds)
    if used() - before > 0.2 * seconds:
        sys.exit(f"{used() - before:.2f} s of CPU in {seconds} s with nothing to do")
