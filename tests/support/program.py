"""The real program in a process of its own, for tests that end it, kill it, or talk to it over HTTP."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def free_port() -> int:
    """Return a port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A `syncd` process, in a group of its own so that a kill reaches its workers too."""

    def __init__(self, *arguments: str, log: Path) -> None:
        self.log = log
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "syncd", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=environment,
                start_new_session=True,
            )

    def wait_until(self, url: str) -> None:
        """Wait until a GET answers 200; tell the program's own words when it does not come to that."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if requests.get(url, timeout=2).status_code == requests.codes.ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready at {url}: exit code {self.process.poll()}\n{self.log.read_text()}")

    def kill(self) -> None:
        """End every process of the group at once, as `kill -9` does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Ask the program to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@contextmanager
def running(*arguments: str, log: Path, ready: str) -> Iterator[Program]:
    """Run a command until the block ends; it has answered at `ready` when the block begins."""
    program = Program(*arguments, log=log)
    try:
        program.wait_until(ready)
        yield program
    finally:
        program.stop()
