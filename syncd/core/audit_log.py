"""The audit log as a sequence of entries: what is hashed, how one follows the other, and what the log tells of itself.

An entry is an audit event, or a record of the log itself: its key was changed, it goes on after a database was
restored, or nothing happened for a day. The leaf of an entry is made of its body, byte for byte as it is kept.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from syncd.core.changes import Action
from syncd.core.merkle import HASH_SIZE, Kept, Tree, leaf_hash

CHAIN_BEGINS: Final = bytes(HASH_SIZE)
SALT_SIZE: Final = 16
PERSONAL: Final = "personal"
"""Where the body of an event holds the commitment to its personal part."""
RECORD: Final = "record"
"""Where the body of a record of the log itself says which it is."""


ERASED_EVENTS: Final = "events"
"""Where the detail of an erasure names the events that it was about, by their row numbers."""
ERASED_SUBJECT: Final = "subject"

_EPOCH: Final = "/epoch-"
_RUN_ENDED: Final = f'{{"action":"{Action.RUN_ENDED}"'.encode()
_ERASED: Final = f'{{"action":"{Action.AUDIT_ERASED}"'.encode()


class Record(StrEnum):
    """What the log tells of itself."""

    HEARTBEAT = "heartbeat"
    KEY_ROTATED = "key-rotated"
    EPOCH = "epoch"


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where the log ends: how many entries it has, the last link of their chain, and the peaks of their tree."""

    size: int
    chain: bytes
    peaks: tuple[bytes, ...]
    epoch: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is in no entry yet: an event by its row number, or a record of the log itself."""

    event_pk: int | None
    body: bytes


class LogEntry(NamedTuple):
    """An entry as the tables have it. `body` is None where its event is missing, `app` where it is a record.

    `salt` and `personal` are those of the event, None when they were removed and for events of old.
    """

    seq: int
    event_pk: int | None
    leaf: bytes
    chain: bytes
    body: bytes | None
    salt: bytes | None
    personal: bytes | None
    app: str | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry to be written. `body` is that of a record of the log itself, None where an event has it."""

    event_pk: int | None
    body: bytes | None
    leaf: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an event of an erasure says: whose personal data it removed, and of which events, by their row numbers."""

    subject_id: str
    events: frozenset[int]


@dataclass(frozen=True, slots=True)
class Growth:
    """What comes behind the end of a log: entries, the nodes to keep that they completed, and where it ends then."""

    entries: tuple[Sealed, ...]
    nodes: tuple[Kept, ...]
    head: LogHead


def grow(head: LogHead, waiting: Iterable[Waiting], epoch: int | None = None) -> Growth:
    """Return what is written when these are sealed, in this order. `epoch` is the one that begins by it, if any."""
    tree, chain = Tree(head.size, head.peaks), head.chain
    entries, nodes = [], []
    for one in waiting:
        leaf = leaf_hash(one.body)
        chain = chained(chain, leaf)
        nodes += tree.append(leaf)
        entries.append(Sealed(one.event_pk, one.body if one.event_pk is None else None, leaf, chain))
    return Growth(tuple(entries), tuple(nodes), LogHead(tree.size, chain, tree.peaks, epoch or head.epoch))


def ends_run(body: bytes) -> bool:
    """Return whether that is the body of an event that ends a run of the reconciler."""
    return body.startswith(_RUN_ENDED)


def chained(before: bytes, leaf: bytes) -> bytes:
    """Return the link of the chain behind an entry, from the link before it and its leaf."""
    return sha256(b"\x02" + before + leaf).digest()


def commitment(salt: bytes, personal: bytes) -> str:
    """Return what the body of an event says of its personal part, so that it can be checked, and removed.

    Without the salt nobody finds out what it was by trying.
    """
    return sha256(salt + personal).hexdigest()


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return a record as bytes: JSON with sorted keys and no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def record_of(body: bytes) -> dict[str, Any]:
    """Return a record of the log itself from its body. Raises ValueError where it is none."""
    try:
        record = json.loads(body)
        if not isinstance(record, dict) or record[RECORD] not in list(Record):
            raise ValueError("it is none that this version of syncd knows")
    except (KeyError, UnicodeDecodeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error
    return record


def is_erasure(body: bytes) -> bool:
    """Return whether that is the body of an event that tells of an erasure. Nothing removes the rest of such an one."""
    return body.startswith(_ERASED)


def erasure_of(body: bytes, personal: bytes | None) -> Erasure | None:
    """Return what an event says was erased, None where it is about something else.

    `personal` has to be the part that the body commits to: whoever asks has checked it. Raises ValueError where the
    event tells of an erasure and does not say of which events.
    """
    if not is_erasure(body):
        return None
    try:
        detail = json.loads(personal or b"null")["detail"]
        subject_id, events = detail[ERASED_SUBJECT], frozenset(detail[ERASED_EVENTS])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"an erasure does not say of which events: {error}") from error
    if not isinstance(subject_id, str) or not all(type(one) is int for one in events):
        raise ValueError("an erasure does not say of which events: it has no id, or no numbers")
    return Erasure(subject_id, events)


def epoch_origin(origin: str, epoch: int) -> str:
    """Return under which name the log signs: a log that was put back may not contradict what it signed before."""
    return origin if epoch == 1 else f"{origin}{_EPOCH}{epoch}"


def epoch_of(origin: str, signed_as: str) -> int | None:
    """Return in which epoch the log of that origin signed under that name; None where that is another log's."""
    if signed_as == origin:
        return 1
    number = signed_as.removeprefix(f"{origin}{_EPOCH}")
    is_one = number != signed_as and number.isdecimal() and number == str(int(number)) and int(number) > 1
    return int(number) if is_one else None


def rotation_message(old: str, new: str) -> bytes:
    """Return what both keys sign when one follows the other; the keys in their text form."""
    return f"syncd audit key rotation/v1\n{old}\n{new}\n".encode()
