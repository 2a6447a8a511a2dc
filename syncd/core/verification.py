"""Whether a log is what was written and signed: entry by entry, checkpoint by checkpoint, and against what is outside.

Everything is computed anew from the bytes: that a root fits says nothing of the contents that nobody hashed again.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from syncd.core.audit_log import (
    PERSONAL,
    LogEntry,
    LogHead,
    Record,
    chained,
    epoch_of,
    epoch_origin,
    erasure_of,
    record_of,
    rotation_message,
)
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import Tree, leaf_hash
from syncd.core.notes import IsSigned, Note, NoteError, VerifierKey

Parse = Callable[[bytes], Any]
"""Reads JSON. Raises ValueError."""


class FaultKind(StrEnum):
    """What is wrong with a log."""

    GAP = "gap"
    EVENT_MISSING = "event-missing"
    EDITED = "edited"
    CHAIN = "chain"
    UNREADABLE = "unreadable"
    PERSONAL_EDITED = "personal-edited"
    PERSONAL_REMOVED = "personal-removed"
    TREE = "tree"
    HEAD = "head"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_MISSING = "checkpoint-missing"
    SIGNATURE = "signature"
    UNSIGNED = "unsigned"
    OUTSIDE_AHEAD = "outside-ahead"
    OUTSIDE_DIFFERS = "outside-differs"
    EPOCH = "epoch"
    PENDING = "pending"
    STRAY = "stray"
    TRIGGER = "trigger"
    INTENTION = "intention"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, at which entry where it is about one, and in words."""

    kind: FaultKind
    seq: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Trust:
    """What somebody who verifies knows beforehand: the log's name, keys of it, and how signatures are checked.

    `epochs` are those about whose beginning they were told, and which they accept.
    """

    origin: str
    keys: Collection[VerifierKey]
    is_signed: IsSigned
    epochs: Collection[int] = ()


@dataclass(slots=True)
class History:
    """What the records of a log say: which key signed from which size on, and where each epoch began."""

    keys: list[tuple[int, VerifierKey]] = field(default_factory=list)
    epochs: list[tuple[int, int, int]] = field(default_factory=list)
    """Of each epoch after the first: the number of its record, itself, and how much of the one before was there."""
    faults: list[Fault] = field(default_factory=list)

    def keys_at(self, size: int) -> list[VerifierKey]:
        """Return the keys of which one has to sign a checkpoint of that many entries."""
        start = max((start for start, _ in self.keys if start < size), default=None)
        return [key for begins, key in self.keys if begins == start]

    def epoch_at(self, size: int) -> int:
        """Return the epoch of a checkpoint of that many entries."""
        return next((epoch for seq, epoch, _ in reversed(self.epochs) if seq < size), 1)


def history_of(records: Iterable[LogEntry], trust: Trust) -> History:
    """Return what the records say, from those keys on: who signed a change of keys with a trusted one is trusted."""
    history = History()
    rotations: list[tuple[int, VerifierKey, VerifierKey]] = []
    for entry in records:
        try:
            record = record_of(entry.body or b"")
            if record["record"] == Record.KEY_ROTATED:
                rotations.append((entry.seq, *_rotation(record, trust.is_signed)))
            elif record["record"] == Record.EPOCH:
                history.epochs.append((entry.seq, int(record["epoch"]), int(record["found"]["size"])))
        except (ValueError, KeyError, TypeError) as error:
            message = f"the log's own record cannot be read: {error}"
            history.faults.append(Fault(FaultKind.UNREADABLE, entry.seq, message))
    history.keys = _chain_of_keys(rotations, trust.keys)
    return history


class Walk:
    """A walk through the entries, in order; everything is hashed again."""

    def __init__(self, start: LogHead, parse: Parse, claims: Mapping[int, Sequence["Claim"]]) -> None:
        self.faults: list[Fault] = []
        self.erased: dict[int, int] = {}
        self.erasures: set[int] = set()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self._tree = Tree(start.size, start.peaks)
        self._chain = start.chain
        self._parse = parse
        self._claims = claims

    @property
    def head(self) -> tuple[int, bytes, tuple[bytes, ...]]:
        """Size, last link and peaks of what was walked through."""
        return self._tree.size, self._chain, self._tree.peaks

    @property
    def root(self) -> bytes:
        """The root of what was walked through."""
        return self._tree.root()

    def take(self, entry: LogEntry) -> bool:
        """Look at the next entry, and return whether one can go on: not beyond what is missing or was edited."""
        try:
            fault = self._fault_of(entry)
        except TypeError:
            message = f"entry {entry.seq} is not made of bytes any more: it was edited"
            fault = Fault(FaultKind.EDITED, entry.seq, message)
        if fault:
            self.faults.append(fault)
            return False
        for level, index, node in self._tree.append(entry.leaf):
            self.nodes[level, index] = node
        self._chain = entry.chain
        for claim in self._claims.get(self._tree.size, ()):
            if claim.checkpoint.root != self._tree.root():
                self.faults.append(claim.broken())
        return True

    def _fault_of(self, entry: LogEntry) -> Fault | None:
        seq, body = entry.seq, entry.body
        if seq != self._tree.size:
            return Fault(FaultKind.GAP, self._tree.size, f"entry {self._tree.size} is missing")
        if body is None:
            return Fault(FaultKind.EVENT_MISSING, seq, f"the event of entry {seq} (row {entry.event_pk}) is missing")
        if leaf_hash(body) != entry.leaf:
            return Fault(FaultKind.EDITED, seq, f"entry {seq} is not what was sealed: its event was edited")
        if chained(self._chain, entry.leaf) != entry.chain:
            return Fault(FaultKind.CHAIN, seq, f"entry {seq} does not follow the one before")
        return self._content(entry, body)

    def _content(self, entry: LogEntry, body: bytes) -> Fault | None:
        try:
            event = self._parse(body)
            told = event.get(PERSONAL)
        except (ValueError, AttributeError) as error:
            return Fault(FaultKind.UNREADABLE, entry.seq, f"entry {entry.seq} cannot be read: {error}")
        if entry.event_pk is None or not isinstance(told, str):
            return None
        if entry.salt is None or entry.personal is None:
            self.erased[entry.event_pk] = entry.seq
            return None
        if sha256(entry.salt + entry.personal).hexdigest() != told:
            message = f"entry {entry.seq}: its personal part (names, what became what) is not what was sealed"
            return Fault(FaultKind.PERSONAL_EDITED, entry.seq, message)
        return self._erasure(entry.seq, body, entry.personal)

    def _erasure(self, seq: int, body: bytes, personal: bytes) -> Fault | None:
        """Note of which events an event says that it removed the personal part."""
        try:
            if erasure := erasure_of(body, personal):
                self.erasures |= erasure.events
        except ValueError as error:
            return Fault(FaultKind.UNREADABLE, seq, f"entry {seq}: {error}")
        return None

    def unexplained(self) -> list[Fault]:
        """Return a fault for each event whose personal part is gone without a record that says so."""
        return [
            Fault(
                FaultKind.PERSONAL_REMOVED,
                seq,
                f"entry {seq}: its personal part was removed, and no event says by whom",
            )
            for event_pk, seq in self.erased.items()
            if event_pk not in self.erasures
        ]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a checkpoint says, and where it was found: `outside` is None for one of the database itself."""

    checkpoint: Checkpoint
    outside: str | None

    def broken(self) -> Fault:
        """Return the fault that the entries are not those of the checkpoint."""
        size = self.checkpoint.size
        if self.outside:
            message = f"{self.outside}: the first {size} entries are not those that this head was signed for"
            return Fault(FaultKind.OUTSIDE_DIFFERS, size - 1, message)
        return Fault(
            FaultKind.CHECKPOINT, size - 1, f"the first {size} entries are not those of the checkpoint of them"
        )


def claims_of(
    notes: Iterable[tuple[str, str | None]], size: int, history: History, trust: Trust
) -> tuple[dict[int, list[Claim]], list[Fault]]:
    """Return what checkpoints say of the first entries, by their number, and what is wrong with the notes themselves.

    Each note comes with where it was found outside, None for those of the database. `size` is how many entries there
    are.
    """
    claims: dict[int, list[Claim]] = defaultdict(list)
    faults: list[Fault] = []
    for raw, outside in notes:
        try:
            claim = Claim(Checkpoint.of(note := Note.parse(raw)), outside)
            fault = _stranger(claim, history, trust) or _unsigned(note, claim, history, trust)
        except NoteError as error:
            where = f"{outside}: " if outside else ""
            faults.append(Fault(FaultKind.SIGNATURE, None, f"{where}a checkpoint cannot be trusted: {error}"))
            continue
        fault = fault or _ahead(claim, size, history, trust)
        if fault:
            faults.append(fault)
        elif _is_of_what_is_here(claim, history, trust):
            claims[claim.checkpoint.size].append(claim)
    return claims, [*faults, *_missing(claims)]


def _missing(claims: Mapping[int, Sequence[Claim]]) -> list[Fault]:
    """Return a fault for each checkpoint that is outside and that the database has no more."""
    return [
        Fault(
            FaultKind.CHECKPOINT_MISSING,
            size - 1,
            f"{outside}: there is a checkpoint of {size} entries, and the database has none: it was removed",
        )
        for size, found in sorted(claims.items())
        if (outside := found[0].outside) and all(one.outside for one in found)
    ]


def epoch_faults(history: History, trust: Trust) -> list[Fault]:
    """Return a fault for each epoch that began after a database was put back, and that nobody has accepted."""
    return [
        Fault(
            FaultKind.EPOCH,
            seq,
            f"epoch {epoch} began with entry {seq}: a database was put back that had {found} entries, and what came "
            f"after them is lost. Once that is explained, verify with --accept-epoch {epoch}",
        )
        for seq, epoch, found in history.epochs
        if epoch not in trust.epochs
    ]


def _stranger(claim: Claim, history: History, trust: Trust) -> Fault | None:
    epoch = epoch_of(trust.origin, claim.checkpoint.origin)
    expected = history.epoch_at(claim.checkpoint.size)
    if epoch is None or (claim.outside is None and epoch != expected):
        message = (
            f"a checkpoint is of {claim.checkpoint.origin!r}, and this log is {epoch_origin(trust.origin, expected)!r}"
        )
        return Fault(FaultKind.SIGNATURE, claim.checkpoint.size - 1, f"{claim.outside or 'the database'}: {message}")
    return None


def _unsigned(note: Note, claim: Claim, history: History, trust: Trust) -> Fault | None:
    size, where = claim.checkpoint.size, claim.outside or "the database"
    keys = history.keys_at(size)
    if note.signed_by(keys, trust.is_signed):
        return None
    names = ", ".join(sorted({f"{one.name}+{one.key_id.hex()}" for one in note.signatures}))
    wanted = ", ".join(map(str, keys)) or "none that the keys you trust lead to"
    message = f"{where}: the checkpoint of {size} entries is signed by {names}, and the key to sign it is {wanted}"
    return Fault(FaultKind.UNSIGNED, size - 1, message)


def _ahead(claim: Claim, size: int, history: History, trust: Trust) -> Fault | None:
    """Return the fault that something knows more of the log than there is."""
    here = history.epoch_at(size)
    epoch = epoch_of(trust.origin, claim.checkpoint.origin) or 0
    if epoch < here or (epoch == here and claim.checkpoint.size <= size):
        return None
    where = claim.outside or "a checkpoint in the database"
    message = (
        f"{where}: there were {claim.checkpoint.size} entries, and there are {size}: the end was cut off, or an older "
        "database was put back"
    )
    return Fault(FaultKind.OUTSIDE_AHEAD, size, message)


def _is_of_what_is_here(claim: Claim, history: History, trust: Trust) -> bool:
    """Return whether the entries that a checkpoint is about are still there: not those that an older database lost."""
    epoch = epoch_of(trust.origin, claim.checkpoint.origin) or 0
    ends = [found for _, next_epoch, found in history.epochs if next_epoch > epoch]
    return not ends or claim.checkpoint.size <= min(ends)


def _rotation(record: Mapping[str, Any], is_signed: IsSigned) -> tuple[VerifierKey, VerifierKey]:
    """Return the two keys of a record. Raises ValueError unless both have signed it."""
    old, new = VerifierKey.parse(record["old"]), VerifierKey.parse(record["new"])
    message = rotation_message(record["old"], record["new"])
    for key, name in ((old, "old"), (new, "new")):
        try:
            signature = base64.b64decode(record["signatures"][name], validate=True)
        except binascii.Error as error:
            raise ValueError(f"the signature of the {name} key is no base64") from error
        if not is_signed(key.public, signature, message):
            raise ValueError(f"the {name} key has not signed that one follows the other")
    return old, new


def _chain_of_keys(
    rotations: Sequence[tuple[int, VerifierKey, VerifierKey]], trusted: Collection[VerifierKey]
) -> list[tuple[int, VerifierKey]]:
    """Return from which size on which key signs. Keys that no trusted one is linked to are left out."""
    known = set(trusted)
    links = [(old, new) for _, old, new in rotations]
    for old, new in [*links, *reversed(links)]:
        if old in known or new in known:
            known |= {old, new}
    first = [(_BEFORE_ALL, key) for key in trusted] if not rotations else [(_BEFORE_ALL, rotations[0][1])]
    return [(start, key) for start, key in (*first, *((seq, new) for seq, _, new in rotations)) if key in known]


_BEFORE_ALL: Final = -1
