"""One writer at a time on a SQLite file, whichever thread or process it is in."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from scim.errors import Unavailable

_FIRST_PAUSE: Final = 0.0001
_LONGEST_PAUSE: Final = 0.001


class _Handles(NamedTuple):
    """What one process locks with: an inherited file descriptor would share its lock with the parent."""

    process: int
    threads: Lock
    file: int


class WriterLock:
    """A lock of threads and a lock of processes, both held from BEGIN to COMMIT.

    SQLite's own waiting is unfair: under load single writers wait a hundred times longer than with this. It also keeps
    a commit from running beside another process's checkpoint (https://sqlite.org/wal.html#walresetbug).
    """

    def __init__(self, path: Path, patience: float) -> None:
        """Lock the file `path`, which is made if need be; wait `patience` seconds at most."""
        self._path = path
        self._patience = patience
        self._handles = self._open()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises `Unavailable` when others keep it for too long."""
        # Two threads that both find themselves in a new process open the file twice, and still exclude one another.
        handles = self._handles if self._handles.process == os.getpid() else self._open()
        self._handles = handles
        deadline = time.monotonic() + self._patience
        if not handles.threads.acquire(timeout=self._patience):
            raise self._taken()
        try:
            self._lock_file(handles.file, deadline)
            try:
                yield
            finally:
                fcntl.flock(handles.file, fcntl.LOCK_UN)
        finally:
            handles.threads.release()

    def close(self) -> None:
        """Give the file back. The lock must not be held, and cannot be held again."""
        os.close(self._handles.file)

    def _open(self) -> _Handles:
        return _Handles(os.getpid(), Lock(), os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def _lock_file(self, file: int, deadline: float) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise self._taken() from None
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    def _taken(self) -> Unavailable:
        return Unavailable(f"Another writer has held the database for {self._patience:g} seconds. Try again.")
