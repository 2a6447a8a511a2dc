"""The audit log, one for the installation: its entries in order, what waits to become one, and what was signed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from syncd.core.audit_log import Growth, LogEntry, LogHead, Waiting
from syncd.core.notes import Signature, VerifierKey

__all__ = ["AuditLog", "LogEntry", "LogReader", "LogWriter", "Outside", "OutsideError", "SignedCheckpoint", "Signer"]


class Signer(Protocol):
    """A private key. Nothing gives it away."""

    @property
    def key(self) -> VerifierKey:
        """The public key that belongs to it."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of a message."""

    def sign_note(self, text: str) -> Signature:
        """Return the signature line of a note with this text."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it was signed: its note with the cosignatures that came since, of which epoch, and when."""

    size: int
    epoch: int
    note: str
    signed: datetime


class LogReader(Protocol):
    """What there is of the log, as one state of the database has it."""

    def head(self) -> LogHead:
        """Return where the log ends, as the head row says."""

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[LogEntry]:
        """Yield the entries from number `start` up to `end`, in order. Numbers that are missing are left out."""

    def records(self) -> Sequence[LogEntry]:
        """Return the entries that are records of the log itself, in order."""

    def nodes(self) -> Mapping[tuple[int, int], bytes]:
        """Return the nodes that are kept, by level and index."""

    def strays(self, limit: int) -> Sequence[int]:
        """Return the row numbers of events that are in no entry and do not wait for one either."""

    def unproven(self, limit: int) -> Sequence[str]:
        """Return in words which effects of plans no event tells of, and which intentions nobody concluded."""

    def entry_of(self, event_pk: int) -> int | None:
        """Return the number of the entry of an event, or None while it has none."""

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete node, from what is stored. Raises KeyError where leaves of it are missing."""

    def checkpoints(self, start: int = 0) -> Iterator[SignedCheckpoint]:
        """Yield the checkpoints of `start` entries and more, the smallest first."""

    def newest_checkpoint(self) -> SignedCheckpoint | None:
        """Return the largest checkpoint."""

    def signed_before(self, moment: datetime) -> int:
        """Return how many entries the largest checkpoint has that was signed before that moment; 0 where none was."""

    def pending(self) -> tuple[int, datetime | None]:
        """Return how many events wait to be sealed, and when the oldest of them was written."""

    def missing_triggers(self) -> tuple[str, ...]:
        """Return the names of the triggers that should keep the tables as they are, and do not."""


class LogWriter(LogReader, Protocol):
    """One transaction of the sequencer that holds the log. It commits when its block ends."""

    def waiting(self, limit: int) -> Sequence[Waiting]:
        """Return events that are in no entry, the oldest first."""

    def append(self, growth: Growth) -> None:
        """Write what comes behind the end of the log, and where it ends now."""

    def keep_checkpoint(self, checkpoint: SignedCheckpoint) -> None:
        """Write a checkpoint."""


class OutsideError(Exception):
    """What is kept of the log outside cannot be read or written; the message says what, where and why."""


class Outside(Protocol):
    """Where heads are kept that whoever can write the database cannot take back."""

    def newest(self) -> str | None:
        """Return the note of the largest checkpoint that is there, None when there is none. Raises `OutsideError`."""

    def publish(self, note: str) -> None:
        """Keep a checkpoint's note there; one that is there already is left. Raises `OutsideError`."""


class AuditLog(Protocol):
    """The log, and the right to go on with it: one sequencer at a time has it, and a later one fences the earlier."""

    def waits(self) -> bool:
        """Return whether an event is in no entry yet; cheap enough to be asked ten times a second."""

    def take(self, holder: str, lasting: timedelta) -> int:
        """Take the log and return the fencing token. Raises `LeaseHeldError` while another one has it."""

    def release(self, token: int) -> None:
        """Give the log back; nothing happens when it was taken over."""

    def sealing(self, token: int, lasting: timedelta) -> AbstractContextManager[LogWriter]:
        """Open a transaction that may go on with the log, and extend the lease. Raises `LeaseLostError`."""

    def reading_log(self) -> AbstractContextManager[LogReader]:
        """Open a transaction that sees one state."""

    def keep_cosignature(self, size: int, witness: str, line: str) -> None:
        """Keep the signature line of a witness beside its checkpoint; a second one of the same witness is not kept."""
