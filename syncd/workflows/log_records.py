"""Entries of the audit log with what proves them: the path of each to the root of one checkpoint."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from syncd.core.audit_log import RECORD
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import consistency_ranges, inclusion_ranges, leaf_hash, node_hash, range_root
from syncd.core.notes import Note
from syncd.ports.audit import LogEntry, LogReader, SignedCheckpoint
from syncd.workflows.seal_audit import BrokenLogError

_REMEDY: Final = "Nothing is packed from it. Run: syncd audit verify"
MARGIN: Final = timedelta(days=1)
"""An entry may have been written so long before it was sealed, and clocks may differ: it is looked for further back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log, read. `app` is None for a record of the log itself, whose `action` is "log:..."."""

    seq: int
    at: datetime
    action: str
    app: str | None
    actor: str
    subject_id: str | None
    subject_name: str | None
    run_id: str | None
    request_id: str | None
    detail: Mapping[str, Any]
    raw: LogEntry

    @property
    def is_account(self) -> bool:
        """Whether it is about an account."""
        return self.action.startswith("account:")

    @property
    def okta_user_id(self) -> str | None:
        """The Okta user id that the event itself tells of the account, if it does."""
        return self._told("externalId")

    @property
    def user_name(self) -> str | None:
        """The user name that the event itself tells, else the name that it shows."""
        return self._told("userName") or self.subject_name

    def _told(self, attribute: str) -> str | None:
        """Return what the event says that an attribute is, or was, where it is a text."""
        for side in ("after", "before"):
            told = self.detail.get(side)
            if isinstance(told, Mapping) and isinstance(told.get(attribute), str):
                return str(told[attribute])
        return None


@dataclass(frozen=True, slots=True)
class Record:
    """An entry, and the audit path from its leaf to the root of the newest checkpoint."""

    entry: Entry
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint, and the path that proves that the newest one grew from it."""

    checkpoint: SignedCheckpoint
    path: tuple[bytes, ...]


@dataclass(slots=True)
class Excerpt:
    """The part of the log that evidence is taken from, up to the newest checkpoint.

    `uncovered` are entries that no checkpoint covers yet; `pending` events are in no entry, the oldest `pending_since`.
    """

    reader: LogReader
    newest: SignedCheckpoint
    entries: list[Entry]
    uncovered: list[Entry]
    checkpoints: Sequence[SignedCheckpoint]
    pending: int
    pending_since: datetime | None
    _leaves: Mapping[int, bytes]
    _nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def prove(self, entry: Entry) -> Record:
        """Return the entry with its path."""
        ranges = inclusion_ranges(entry.seq, self.newest.size)
        return Record(entry, tuple(range_root(start, end, self._node) for start, end in ranges))

    def head(self, checkpoint: SignedCheckpoint) -> Head:
        """Return a checkpoint with its path."""
        ranges = consistency_ranges(checkpoint.size, self.newest.size)
        return Head(checkpoint, tuple(range_root(start, end, self._node) for start, end in ranges))

    def sealed_by(self, numbers: Iterable[int]) -> dict[int, SignedCheckpoint]:
        """Return the first checkpoint that covers each of these entries."""
        sizes = [one.size for one in self.checkpoints]
        return {number: self.checkpoints[bisect_right(sizes, number)] for number in numbers}

    def _node(self, level: int, index: int) -> bytes:
        """Return a node: made of leaves that were read, or asked for where they were not."""
        found = self._nodes.get((level, index))
        if found is None:
            if index << level not in self._leaves:
                found = self.reader.node(level, index)
            elif level:
                found = node_hash(self._node(level - 1, 2 * index), self._node(level - 1, 2 * index + 1))
            else:
                found = self._leaves[index]
            self._nodes[level, index] = found
        return found


def read_excerpt(reader: LogReader, newest: SignedCheckpoint, app: str, since: datetime) -> Excerpt:
    """Return what the log has of an application, and of itself, since a moment.

    Raises `BrokenLogError` where an entry, or the event of one, is missing or is not what was sealed.
    """
    start = reader.signed_before(since - MARGIN)
    leaves: dict[int, bytes] = {}
    entries: list[Entry] = []
    for raw in reader.entries(start):
        leaves[raw.seq] = raw.leaf
        if raw.body is None or leaf_hash(raw.body) != raw.leaf:
            raise BrokenLogError(f"entry {raw.seq} of the audit log is not what was sealed. {_REMEDY}")
        if raw.app in {app, None}:
            entry = _read(raw, raw.body)
            if entry.at >= since:
                entries.append(entry)
    size = reader.head().size
    missing = next((number for number in range(start, size) if number not in leaves), None)
    if missing is not None:
        raise BrokenLogError(f"entry {missing} of the audit log is missing. {_REMEDY}")
    covered = [entry for entry in entries if entry.seq < newest.size]
    checkpoints = list(reader.checkpoints(start))
    return Excerpt(reader, newest, covered, entries[len(covered) :], checkpoints, *reader.pending(), leaves)


def root_of(checkpoint: SignedCheckpoint) -> Checkpoint:
    """Return the head that a checkpoint's note tells."""
    return Checkpoint.of(Note.parse(checkpoint.note))


def _read(raw: LogEntry, body: bytes) -> Entry:
    event = json.loads(body)
    told = json.loads(raw.personal) if raw.personal else {}
    return Entry(
        seq=raw.seq,
        at=datetime.fromisoformat(event["at"]),
        action=event["action"] if raw.app else f"log:{event.get(RECORD)}",
        app=raw.app,
        actor=event.get("actor", "syncd"),
        subject_id=event.get("subject_id"),
        subject_name=told.get("subject_name"),
        run_id=event.get("run_id"),
        request_id=event.get("request_id"),
        detail=(told.get("detail") or {}) if raw.app else event,
        raw=raw,
    )
