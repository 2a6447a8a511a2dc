"""A server process: started in a folder, ready when it answers, ended by its process id."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import requests

from bench.wire import HOST

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 60.0
TOKEN: Final = "bench-4f1c2a7e9b3d58606c1e"
"""The token that the peers accept; syncd makes its own."""


class Question(NamedTuple):
    """What a server is asked to see whether it is ready: 200 means yes."""

    url: str
    token: str = ""


class ServerFailedError(Exception):
    """A server, or what prepares it, did not do what it is there for; the message has its own words."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `settle` is to be called when it has been filled: what its database does in idle hours.

    `database_url` is where its data is, None where nobody else needs to know.
    """

    port: int
    base_path: str
    token: str
    pid: int
    settle: Callable[[], None]
    database_url: str | None = None

    def memory(self) -> float:
        """Return the memory of the server's processes in MB: private pages, and their share of common ones."""
        return sum(_proportional(pid) for pid in _with_children(self.pid)) / 1024

    def processes(self) -> int:
        """Return how many processes the server has."""
        return sum(1 for _ in _with_children(self.pid))

    def cpu(self) -> float:
        """Return the seconds of processor time that the server's processes have used."""
        return cpu_of(self.pid)


def cpu_of(pid: int) -> float:
    """Return the seconds of processor time that a process and its children have used."""
    return sum(_cpu_ticks(one) for one in _with_children(pid)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a server: ours without settings of syncd, and what it needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCD_")}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **extra}


def command(folder: Path, variables: Mapping[str, str], *arguments: str) -> str:
    """Run a Python module to its end and return what it printed. Raises `ServerFailedError`."""
    done = subprocess.run(  # noqa: S603  # our own command line
        [sys.executable, "-m", *arguments], cwd=folder, env=dict(variables), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ServerFailedError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def running_process(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str], ready: Question
) -> Iterator[int]:
    """Run a program until the block ends, and give its process id; it has answered `ready` when the block begins.

    Raises `ServerFailedError` when it does not come to that.
    """
    log = folder / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # likewise
            arguments, cwd=folder, env=dict(variables), stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(process, ready, log)
        yield process.pid
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], ready: Question, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if _is_ready(ready):
            return
        time.sleep(0.05)
    raise ServerFailedError(f"not ready (exit code {process.poll()}):\n{log.read_text(errors='replace')[-4000:]}")


def _is_ready(ready: Question) -> bool:
    try:
        return requests.get(ready.url, headers={"Authorization": f"Bearer {ready.token}"}, timeout=2).ok
    except requests.RequestException:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end; after a while end it and the group that it alone leads."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in tasks.read_text().split():
            yield from _with_children(int(child))


def _proportional(pid: int) -> int:
    """Return the proportional set size of a process in kB (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _cpu_ticks(pid: int) -> int:
    """Return the clock ticks that a process has worked (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
