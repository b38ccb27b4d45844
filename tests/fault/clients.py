"""Clients that know each byte of the answer that they are owed, and say how it went."""

import contextlib
import select
import socket
import threading
import time

import e2e_support as e2e

# Stuck: was told of an error, and was neither served nor closed.
COMPLETE, CUT, ALTERED, HUNG, STUCK = "complete", "cut", "altered", "hung", "stuck"

_STREAM = e2e.Stream(seed=7)


def _expected(start, count):
    return e2e.upper(_STREAM.piece(start, count))


class _Cut(Exception):
    """The server ended the connection."""


class _Stuck(Exception):
    """An error was injected, and nothing comes."""


class _Hung(Exception):
    """Nothing came in time."""


class Client(threading.Thread):
    """One conversation, in a thread. `outcome` is set when it is joined.

    `was_told(port)` says how many seconds a connection may be silent because an error was injected
    into it; None if none was.
    """

    def __init__(self, port, talk, was_told):
        super().__init__(daemon=True)
        self._server_port, self._talk, self._was_told = port, talk, was_told
        self._socket = None
        self.port = 0
        self.outcome, self.why = None, ""
        self.sent = self.received = 0
        self.start()

    def run(self):
        try:
            self._socket = socket.create_connection(("127.0.0.1", self._server_port),
                                                    timeout=10 * e2e.SLOW)
            self.port = self._socket.getsockname()[1]
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._talk(self)
            self.outcome = COMPLETE
        except _Hung as error:
            self.outcome, self.why = HUNG, str(error)
        except _Stuck:
            self.outcome, self.why = STUCK, "was told of an error, and neither served nor closed"
        except _Cut as error:
            self.outcome, self.why = CUT, str(error)
        except ConnectionError as error:
            self.outcome, self.why = CUT, str(error)
        except AssertionError as error:
            self.outcome, self.why = ALTERED, str(error)
        except OSError as error:
            self.outcome, self.why = HUNG, repr(error)
        finally:
            if self._socket is not None:
                self._socket.close()

    def _wait_for(self, readable, writable, seconds=6):
        """Waits for one of both; gives up early only on a connection that was told of an error."""
        deadline = e2e.deadline_in(seconds)
        patience = 0.05
        while True:
            can_read, can_write, _ = select.select(readable, writable, [], patience)
            if can_read or can_write:
                return can_read, can_write
            patience = min(0.4, patience * 2)
            silence = self._was_told(self.port)
            if silence is not None:
                can_read, can_write, _ = select.select(readable, writable, [], silence * e2e.SLOW)
                if can_read or can_write:
                    return can_read, can_write
                raise _Stuck
            if time.monotonic() > deadline:
                raise _Hung(f"{self.received} of {self.sent} bytes are back")

    def send(self, count):
        """Sends so many bytes, and reads what comes meanwhile."""
        end = self.sent + count
        self._socket.setblocking(False)
        while self.sent < end:
            can_read, can_write = self._wait_for([self._socket], [self._socket])
            if can_write:
                with contextlib.suppress(BlockingIOError):
                    self.sent += self._socket.send(_STREAM.piece(self.sent, end - self.sent))
            if can_read:
                self._read()

    def send_unread(self, most):
        """Sends until nothing fits any more, and reads nothing."""
        self._socket.setblocking(False)
        while self.sent < most:
            if not select.select([], [self._socket], [], 0.02 * e2e.SLOW)[1]:
                break
            with contextlib.suppress(BlockingIOError):
                self.sent += self._socket.send(_STREAM.piece(self.sent, min(1 << 18, most - self.sent)))

    def _read(self):
        try:
            data = self._socket.recv(1 << 18)
        except BlockingIOError:
            return
        if not data:
            raise _Cut(f"the end after {self.received} of {self.sent} bytes")
        if data != _expected(self.received, len(data)):
            raise AssertionError(f"other bytes than those due after {self.received}")
        self.received += len(data)

    def take_all(self):
        """Reads until all is back that was sent."""
        self._socket.setblocking(False)
        while self.received < self.sent:
            self._wait_for([self._socket], [])
            self._read()

    def round_trip(self, count):
        self.send(count)
        self.take_all()

    def finish(self):
        """Half-closes, and reads to the end, which must not come before the answer."""
        self._socket.shutdown(socket.SHUT_WR)
        while True:
            self._wait_for([self._socket], [])
            try:
                self._read()
            except _Cut:
                if self.received < self.sent:
                    raise
                return

    def reset(self):
        e2e.close_with_reset(self._socket)


# What a client can say. Together they reach every call that the server makes for a connection.

def talk_in_turns(client):
    for size in (1, 700, 9000, 40_000, 3, 1500, 66_000, 1):
        client.round_trip(size)
    client.finish()


def talk_long(client):
    # A registration's file is checked at every 256th report.
    for _ in range(270):
        client.round_trip(2)
    client.finish()


def talk_without_reading(client):
    client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    client.send_unread(9 << 20)
    client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    client.take_all()
    client.finish()


def talk_shortly(client):
    client.round_trip(10)
    client.finish()


def talk_and_reset(client):
    client.round_trip(10)
    client.reset()


def talk_of_one_byte(client):
    client.round_trip(1)


def nobody_was_told(_):
    """For a server that nothing is injected into, or nothing that a connection may notice."""
    return None


def load(port, was_told=nobody_was_told, heavy=True):
    """Clients of every kind, at once and one after the other; returns them all."""
    talks = [talk_in_turns, talk_in_turns, talk_shortly, talk_and_reset]
    if heavy:
        talks += [talk_long, talk_without_reading]
    clients = [Client(port, talk, was_told) for talk in talks]
    for _ in range(6):
        late = Client(port, talk_shortly, was_told)
        late.join()
        clients.append(late)
    for client in clients:
        client.join()
    return clients
