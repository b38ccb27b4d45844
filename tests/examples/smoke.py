"""What the examples of servers have to do when they run."""

import signal
import socket
import struct
import threading

from example_process import (Example, Lines, connect, expect, expect_idle, receive_exactly,
                             receive_to_end, send_until_stuck, SECONDS)


def chat(program):
    """Lines go to all the others, whole; who does not listen is let go, and nobody waits for him."""
    with Example(program, 0) as server:
        port = server.port()
        clients, lines = [], []
        for number in 1, 2, 3:
            clients.append(connect(port))
            lines.append(Lines(clients[-1]))
            expect(lines[-1].next(), f"* you are guest {number}", "greeting")
            for other in lines[:-1]:
                expect(other.next(), f"* guest {number} has come", "news")

        clients[0].sendall(b"hel")
        clients[0].sendall(b"lo\nfrom me\n")
        for other in lines[1:]:
            expect(other.next(), "guest 1: hello", "first line")
            expect(other.next(), "guest 1: from me", "second line")
        clients[2].shutdown(socket.SHUT_RDWR)
        for other in lines[:2]:
            expect(other.next(), "* guest 3 has left", "news")

        deaf = connect(port, receive_buffer=4096)
        for other in lines[:2]:
            expect(other.next(), "* guest 4 has come", "news")
        drop_the_deaf(clients[0], lines[0], lines[1])
        expect_idle(server.process)
        server.send_signal(signal.SIGTERM)
        for other in lines[:2]:
            expect(other.next(), "* the room closes", "last words")
        server.expect_end()
        deaf.close()


def drop_the_deaf(speaker, speakers_lines, listeners_lines):
    """Talks until guest 4, who reads nothing, is let go: the others miss nothing of it."""
    text = "x" * 4000
    for _ in range(50_000):
        speaker.sendall(f"{text}\n".encode())
        line = listeners_lines.next()
        is_dropped = line == "* guest 4 has left"
        expect(listeners_lines.next() if is_dropped else line, f"guest 1: {text}", "line")
        if is_dropped:
            expect(speakers_lines.next(), "* guest 4 has left", "news")
            return
    raise SystemExit("who takes nothing is never let go")


class Target:
    """What the proxy connects to: each connection is handled by `serve`, in a thread."""

    def __init__(self, serve):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            client.settimeout(SECONDS)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()


def proxy(program):
    """Both directions, half-close, back-pressure, a reset, and a target that is not there."""
    proxy_of_a_conversation(program)
    proxy_of_one_who_does_not_read(program)
    proxy_of_a_reset(program)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Example(program, 0, nobody.getsockname()[1]) as server:
            with connect(server.port()) as client:
                expect(receive_to_end(client), b"", "what comes of a target that is not there")
            server.end()


def proxy_of_a_conversation(program):
    # Answers when it has heard all: the end of the stream has to come through, and the way back to stay.
    def serve(client):
        data = receive_to_end(client)
        client.sendall(data[::-1])
        client.close()

    with Example(program, 0, Target(serve).port) as server:
        port = server.port()
        data = bytes(range(256)) * (16 << 10)
        clients = [connect(port) for _ in range(20)]
        for client in clients[1:]:
            client.sendall(b"small")
        sender = threading.Thread(target=lambda: (clients[0].sendall(data),
                                                  clients[0].shutdown(socket.SHUT_WR)))
        sender.start()
        expect(receive_to_end(clients[0]) == data[::-1], True, "4 MiB and back")
        sender.join()
        for client in clients[1:]:
            client.shutdown(socket.SHUT_WR)
            expect(receive_to_end(client), b"llams", "answer")
        expect_idle(server.process)
        server.end()


def proxy_of_one_who_does_not_read(program):
    may_read = threading.Event()
    received = []

    def serve(client):
        if may_read.wait(SECONDS):
            received.append(len(receive_to_end(client)))
        client.close()

    with Example(program, 0, Target(serve).port) as server:
        client = connect(server.port())
        sent = send_until_stuck(client, bytes(1 << 16))
        expect(sent < 1 << 28, True, "it is stuck when the sockets on the way are full")
        expect_idle(server.process)
        may_read.set()
        client.shutdown(socket.SHUT_WR)
        expect(receive_to_end(client), b"", "the other direction's end")
        expect(received, [sent], "what came of what was sent")
        server.end()


def proxy_of_a_reset(program):
    ended = threading.Event()

    def serve(client):
        client.sendall(b"welcome")
        try:
            receive_to_end(client)
        except ConnectionError:
            pass
        ended.set()

    with Example(program, 0, Target(serve).port) as server:
        client = connect(server.port())
        expect(receive_exactly(client, 7), b"welcome", "greeting")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        expect(ended.wait(SECONDS), True, "the target is told of a client's reset")
        server.end()


def timers_and_signals(program):
    """It ticks while nobody looks, and obeys."""
    with Example(program) as clock:
        expect(clock.line(), f"process {clock.process.pid}", "first line")
        # A second without a question: at least some ticks have come by then.
        expect(clock.line(), "nobody has asked for a second", "the watchdog")
        clock.send_signal(signal.SIGUSR1)
        ticks = int(clock.line().removesuffix(" ticks"))
        expect(5 <= ticks <= 200, True, f"{ticks} ticks after a second")
        clock.send_signal(signal.SIGHUP)
        expect(clock.line(), "started anew", "the answer to HUP")
        clock.send_signal(signal.SIGUSR1)
        anew = int(clock.line().removesuffix(" ticks"))
        expect(anew < ticks, True, f"{anew} ticks after it was started anew")
        clock.send_signal(signal.SIGTERM)
        expect(clock.line().startswith("ended after "), True, "the last line")
        clock.expect_end()


def embedded(program):
    """The host's commands and polymux's clients, in one loop."""
    with Example(program) as host:
        port = host.port()
        clients = [connect(port) for _ in range(5)]
        for client in clients:
            client.sendall(b"hello")
            expect(receive_exactly(client, 5), b"HELLO", "answer")
        host.say("status\n")
        expect(host.line(), "5 clients, 25 bytes", "status")
        expect_idle(host.process)
        data = bytes(range(256)) * 4096
        sender = threading.Thread(target=clients[0].sendall, args=(data,))
        sender.start()
        expect(receive_exactly(clients[0], len(data)) == data.upper(), True, "1 MiB")
        sender.join()
        host.say("nonsense\nquit\n")
        expect(host.line(), "no command: nonsense", "answer")
        host.expect_end()


ALL = (chat, proxy, timers_and_signals, embedded)
