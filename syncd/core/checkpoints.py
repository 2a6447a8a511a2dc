"""Checkpoints (c2sp.org/tlog-checkpoint): what a log says of itself at one size, and when it has to say it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from syncd.core.merkle import HASH_SIZE
from syncd.core.notes import Note, NoteError

BUSY_EVERY: Final = timedelta(seconds=10)
IDLE_EVERY: Final = timedelta(days=1)
_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: who it is, how many entries it has, and the root of their tree (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def as_json(self) -> dict[str, Any]:
        """Return the head as JSON, the root in base64."""
        return {"origin": self.origin, "size": self.size, "root": base64.b64encode(self.root).decode()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Checkpoint":
        """Return the head that `as_json` told."""
        return cls(told["origin"], told["size"], base64.b64decode(told["root"]))

    @classmethod
    def of(cls, note: Note) -> "Checkpoint":
        """Read the checkpoint of a note. Raises `NoteError`."""
        lines = note.text.split("\n")
        try:
            origin, size = lines[0], int(lines[1])
            root = base64.b64decode(lines[2].encode(), validate=True)
        except (IndexError, ValueError, binascii.Error) as error:
            raise NoteError("a checkpoint has three lines: origin, size and root") from error
        checkpoint = cls(origin, size, root)
        if len(root) != HASH_SIZE or checkpoint.text.split("\n")[:_LINES] != lines[:_LINES] or size < 0:
            raise NoteError(f"the checkpoint of {origin!r} is not written as one")
        return checkpoint


class Occasion(StrEnum):
    """Why a checkpoint is signed now."""

    BUSY = "busy"
    RUN_ENDED = "run-ended"
    HEARTBEAT = "heartbeat"


def occasion(*, grown: bool, run_ended: bool, since: timedelta | None) -> Occasion | None:
    """Return why a checkpoint is due, or None.

    `grown` tells whether there are entries that none covers, `run_ended` whether one of them ends a run, `since` how
    long ago the last one was signed, None when none was. A clock that stepped back makes one due.
    """
    if grown and run_ended:
        return Occasion.RUN_ENDED
    is_past = since is None or since < timedelta(0)
    if grown and (is_past or (since is not None and since >= BUSY_EVERY)):
        return Occasion.BUSY
    if since is None or since >= IDLE_EVERY:
        return Occasion.HEARTBEAT
    return None
