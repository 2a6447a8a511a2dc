"""The heads of the audit log in a folder that somebody else keeps: each checkpoint is a line of a file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from syncd.core.audit_log import epoch_of
from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import Note, NoteError
from syncd.ports.audit import OutsideError

_PER_FILE: Final = 100_000
_ENDING: Final = ".heads"
_LONGEST: Final = 65_536
"""Bytes that a line has at most; a note has 64 signatures at most."""


class HeadFolder:
    """A folder with the checkpoints of one log, in files by epoch and by every hundred thousand entries.

    The folder has to be there: one that is not mounted must not look like one that is empty.
    """

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin

    def newest(self) -> str | None:
        """Return the note of the largest checkpoint that is there, None when there is none. Raises `OutsideError`."""
        return next(filter(None, map(_last_note, reversed(self._files()))), None)

    def notes(self) -> Iterator[str]:
        """Yield the notes of all checkpoints that are there, the oldest first. Raises `OutsideError`."""
        for path in self._files():
            yield from _notes_of(path)

    def publish(self, note: str) -> None:
        """Keep a checkpoint's note there; one that is there already is left. Raises `OutsideError`."""
        if self.newest() == note:
            return
        try:
            checkpoint = Checkpoint.of(Note.parse(note))
            epoch = epoch_of(self._origin, checkpoint.origin)
        except NoteError as error:
            raise OutsideError(f"what was to be kept outside is no checkpoint: {error}") from error
        name = f"{epoch or 0:04d}-{checkpoint.size // _PER_FILE:010d}{_ENDING}"
        _append(self._path / name, orjson.dumps({"note": note}) + b"\n")

    def _files(self) -> list[Path]:
        try:
            if not self._path.is_dir():
                raise OutsideError(
                    f"{self._path}: there is no such folder. Make or mount it: heads of the log go there"
                )
            return sorted(path for path in self._path.iterdir() if path.name.endswith(_ENDING))
        except OSError as error:
            raise OutsideError(f"{self._path}: the folder cannot be read: {error.strerror}") from error


def _notes_of(path: Path) -> Iterator[str]:
    """Yield the notes of a file. A last line without its end was being written when somebody died: it is left out."""
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except OSError as error:
        raise OutsideError(f"{path}: the file cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        yield _note_of(line, f"{path}, line {number}")


def _last_note(path: Path) -> str | None:
    """Return the note of the last line that is whole, from the end of the file; None where there is none."""
    try:
        with path.open("rb") as file:
            begins = max(0, file.seek(0, os.SEEK_END) - _LONGEST)
            file.seek(begins)
            *lines, _ = file.read().split(b"\n")
    except OSError as error:
        raise OutsideError(f"{path}: the file cannot be read: {error.strerror}") from error
    if not lines:
        if begins:
            raise OutsideError(f"{path}: its last line is no head of a log")
        return None
    return _note_of(lines[-1], f"{path}, the last line")


def _note_of(line: bytes, where: str) -> str:
    try:
        return str(orjson.loads(line)["note"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OutsideError(f"{where}: this is no head of a log") from error


def _append(path: Path, line: bytes) -> None:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            torn = size and os.pread(handle, 1, size - 1) != b"\n"
            if torn:
                os.ftruncate(handle, _end_of_last_line(handle, size))
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise OutsideError(f"{path}: the head of the log cannot be written: {error.strerror}") from error


def _end_of_last_line(handle: int, size: int) -> int:
    """Return where the last complete line ends."""
    return os.pread(handle, size, 0).rfind(b"\n") + 1
