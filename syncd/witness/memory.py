"""What a witness remembers, in a file: size and root of each log. What cannot be read is not taken for nothing."""

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from syncd.core.merkle import HASH_SIZE
from syncd.core.witnessing import NEVER, Seen

_FORMAT: Final = "syncd-witness/1"
_MODE: Final = 0o600

T = TypeVar("T")
Judge = Callable[[Seen], tuple[T, Seen]]
"""Takes what was seen of a log, and returns an answer and what has been seen of it then."""


class MemoryFileError(Exception):
    """The file cannot be read or written; the message says which, why, and what to do."""


class MemoryFile:
    """The file of a witness. Safe to use from several threads and several processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> None:
        """Write the file of a witness that has seen nothing. Raises `MemoryFileError` where there is one."""
        with self._locked():
            if self._path.exists():
                raise MemoryFileError(
                    f"{self._path}: a witness has its memory there already, and it is never overwritten"
                )
            self._write({})

    def read(self) -> Mapping[str, Seen]:
        """Return what was seen of each log, by origin. Raises `MemoryFileError`, also where there is no file."""
        try:
            return _logs_of(self._path.read_bytes())
        except FileNotFoundError:
            raise MemoryFileError(
                f"{self._path}: there is no such file. Of a new witness, `syncd witness init-state` makes it; one that "
                "was lost is not replaced by an empty one, which would cosign anything"
            ) from None
        except OSError as error:
            raise MemoryFileError(f"{self._path}: the file cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MemoryFileError(
                f"{self._path}: this is not the memory of a witness, or it is damaged ({error}). Nothing is cosigned "
                "until somebody has found out what it held"
            ) from error

    def exchange(self, origin: str, judge: Judge[T]) -> T:
        """Have a decision made on what was seen of a log, and return its answer when the outcome is on the disk.

        Nobody else decides meanwhile. Raises `MemoryFileError`, and then the answer must not be given.
        """
        with self._locked():
            logs = self.read()
            answer, seen = judge(logs.get(origin, NEVER))
            if logs.get(origin) != seen:
                self._write({**logs, origin: seen})
            return answer

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, which is a file of its own: the other one is replaced by each writing."""
        try:
            handle = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise MemoryFileError(f"{self._path}: its lock cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, logs: Mapping[str, Seen]) -> None:
        new = self._beside(".new")
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
            with os.fdopen(handle, "wb") as file:
                file.write(_content_of(logs))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise MemoryFileError(f"{self._path}: what was seen cannot be written: {error.strerror}") from error

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(f"{self._path.name}{ending}")


def _content_of(logs: Mapping[str, Seen]) -> bytes:
    told = {name: {"size": seen.size, "root": base64.b64encode(seen.root).decode()} for name, seen in logs.items()}
    return json.dumps({"format": _FORMAT, "logs": told}, indent=1, sort_keys=True).encode() + b"\n"


def _logs_of(content: bytes) -> Mapping[str, Seen]:
    told = json.loads(content)
    if told["format"] != _FORMAT:
        raise ValueError(f"its format is {told['format']!r:.40}, and this version of syncd knows {_FORMAT}")
    return {name: _seen_of(seen["size"], seen["root"]) for name, seen in told["logs"].items()}


def _seen_of(size: object, root: str) -> Seen:
    content = base64.b64decode(root, validate=True)
    if type(size) is not int or size < 0 or len(content) != HASH_SIZE:
        raise ValueError("what it says of a log is no size and root")
    return Seen(size, content)


def _sync_folder(folder: Path) -> None:
    """Have the folder's entry on the disk too: without it, a renamed file may be the old one after a loss of power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
