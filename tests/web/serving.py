"""Sample servers as real processes, and raw connections to them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0


@dataclass(frozen=True)
class Served:
    """A sample server that answers: its address and its process."""

    url: str
    process: "subprocess.Popen[str]"

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return str(parts.hostname), int(parts.port or 0)

    def connect(self, timeout: float = 5.0) -> socket.socket:
        return socket.create_connection(self.address, timeout)

    def ask(self, request: bytes, timeout: float = 5.0) -> bytes:
        """Send raw bytes and return all that comes back until the server closes."""
        with self.connect(timeout) as channel:
            channel.sendall(request)
            return read_all(channel)

    def get(self, path: str, timeout: float = 5.0) -> tuple[int, bytes]:
        """Return status and body of a GET on a connection of its own."""
        raw = self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), timeout)
        return status_of(raw), raw.partition(b"\r\n\r\n")[2]

    def stop(self) -> int:
        """End the server as systemd does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def read_all(channel: socket.socket) -> bytes:
    received = b""
    try:
        while more := channel.recv(65_536):
            received += more
    except ConnectionResetError:
        pass
    return received


def status_of(raw: bytes) -> int:
    """Return the status of a raw answer; 0 where the server closed without one."""
    return int(raw.split(b" ", 2)[1]) if raw.startswith(b"HTTP/") else 0


def start(options: dict[str, Any], **environ: str) -> "subprocess.Popen[str]":
    """Start a sample server; a socket among the options is left open in it."""
    command = [sys.executable, "-m", "tests.web.sample_server", json.dumps(options)]
    keep = [options["activated"]] if "activated" in options else []
    env = {**os.environ, **environ}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, pass_fds=keep)


@contextmanager
def serving(options: dict[str, Any] | None = None, **environ: str) -> Iterator[Served]:
    """Run a sample server until the block ends."""
    process = start(options or {}, **environ)
    assert process.stdout is not None
    try:
        yield Served(process.stdout.readline().strip(), process)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)
        process.stdout.close()


def wait_until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Return as soon as something holds; fail when it does not within some seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
