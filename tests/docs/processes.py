"""Programs that run while a page is tested, each with a bound in time, and ended with it."""

import os
import select
import subprocess
import time

from outcome import Wrong

# For what takes one or two on a machine that has nothing else to do.
SECONDS = 240


def run(command, cwd, environment=None, stdin="", seconds=SECONDS):
    """Exit status, and what it said on both."""
    try:
        done = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise Wrong(f"does not end within {seconds} s: {' '.join(map(str, command))}") from error
    return done.returncode, done.stdout


class Background:
    """A program that goes on until the end of the block or the page."""

    def __init__(self, command, cwd, environment):
        self.log_path = cwd / f"background-{time.monotonic_ns()}.log"
        self.name = " ".join(str(word) for word in command)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([str(word) for word in command], cwd=cwd, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)

    def first_line(self):
        text, deadline = b"", time.monotonic() + SECONDS
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            byte = os.read(self.process.stdout.fileno(), 1) if ready else b""
            if not byte:
                raise Wrong(f"{self.name} says nothing on stdout, and on stderr: {self.log().strip()}")
            text += byte
        return text.decode()

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def end(self):
        """By SIGTERM. Its exit status, and what it has said on stdout after the first line."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            said, _ = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            self.process.communicate()
            raise Wrong(f"{self.name} does not end by SIGTERM") from error
        return self.process.returncode, said.decode(errors="replace")
