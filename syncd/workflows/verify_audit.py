"""Verify the audit log: everything is hashed again and held against what was signed, here and outside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from syncd.core.audit_log import CHAIN_BEGINS, LogHead
from syncd.core.merkle import range_root
from syncd.core.verification import (
    Fault,
    FaultKind,
    History,
    Trust,
    Walk,
    claims_of,
    epoch_faults,
    history_of,
)
from syncd.ports.audit import AuditLog, LogReader

LONGEST_WAIT: Final = timedelta(minutes=15)
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and what is wrong with it. `root` is that of all entries that were walked through.

    `signed` is how many entries the newest checkpoint covers, `outside` how many heads of outside were held against
    them, `erased` of how many entries the personal part was removed by somebody who said so.
    """

    faults: tuple[Fault, ...]
    started_at: int
    size: int
    root: bytes
    checkpoints: int
    signed: int
    outside: int
    pending: int
    erased: int
    epoch: int

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Scope:
    """What is verified: from which entry on, the heads of outside with where each was found, and the time it is."""

    now: datetime
    since: int = 0
    outside: Sequence[tuple[str, str]] = ()


def verify_log(log: AuditLog, trust: Trust, scope: Scope) -> Verdict:
    """Return what is wrong with the log, nothing where it holds. Nothing is written.

    With `since`, what was signed of that many entries is believed, and the walk begins behind them. Raises ValueError
    when there is no checkpoint of that many entries.
    """
    with log.reading_log() as reader:
        history = history_of(reader.records(), trust)
        head, signed = reader.head(), list(reader.checkpoints())
        start = _start(reader, scope.since, [one.size for one in signed], history)
        notes: Iterable[tuple[str, str | None]] = [*((one.note, None) for one in signed), *scope.outside]
        claims, faults = claims_of(notes, _last(reader, head), history, trust)
        walk = Walk(start, orjson.loads, claims)
        is_whole = all(walk.take(entry) for entry in reader.entries(start.size))
        size, _, _ = walk.head
        faults = [*history.faults, *walk.faults, *faults, *walk.unexplained(), *epoch_faults(history, trust)]
        if is_whole:
            faults += _end_faults(reader, walk, head, whole=not scope.since)
        if signed == [] and head.size:
            faults.append(Fault(FaultKind.UNSIGNED, None, "nothing was ever signed: is there a key, and does it run?"))
        faults += _around(reader, scope)
        count, _ = reader.pending()
        return Verdict(
            tuple(sorted(faults, key=lambda one: (one.seq is None, one.seq or 0))),
            start.size,
            size,
            walk.root,
            len(signed),
            signed[-1].size if signed else 0,
            len(scope.outside),
            count,
            len(walk.erased),
            head.epoch,
        )


def _start(reader: LogReader, since: int, sizes: Sequence[int], history: History) -> LogHead:
    """Return the state behind the first `since` entries."""
    if since == 0:
        return LogHead(0, CHAIN_BEGINS, (), 1)
    if since not in sizes:
        near = ", ".join(map(str, sizes[-3:])) or "none"
        raise ValueError(f"there is no checkpoint of {since} entries; the newest ones are of {near}")
    (last,) = reader.entries(since - 1, since)
    return LogHead(since, last.chain, _peaks(reader, since), history.epoch_at(since))


def _peaks(reader: LogReader, size: int) -> tuple[bytes, ...]:
    """Return the roots of the complete parts of a tree, the largest first."""
    peaks, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            peaks.append(range_root(start, start + (1 << level), reader.node))
            start += 1 << level
    return tuple(peaks)


def _last(reader: LogReader, head: LogHead) -> int:
    """Return how many entries there are to be held against what was signed."""
    return head.size or sum(1 for _ in reader.entries())


def _end_faults(reader: LogReader, walk: Walk, head: LogHead, *, whole: bool) -> list[Fault]:
    """Return what is wrong where the log ends: the head row, and the nodes that are kept."""
    faults = []
    size, chain, peaks = walk.head
    if (size, chain, peaks) != (head.size, head.chain, head.peaks):
        message = f"the log ends after {size} entries, and its head says {head.size}: entries were removed at the end"
        faults.append(Fault(FaultKind.HEAD, min(size, head.size), message))
    stored = reader.nodes()
    wrong = [place for place, node in walk.nodes.items() if stored.get(place) != node]
    if wrong or (whole and len(stored) != len(walk.nodes)):
        faults.append(Fault(FaultKind.TREE, None, "the nodes that are kept of the tree are not those of its entries"))
    return faults


def _around(reader: LogReader, scope: Scope) -> list[Fault]:
    """Return what is wrong beside the entries: what waits for too long, or for nothing, and what guards the tables."""
    faults = []
    count, oldest = reader.pending()
    if oldest is not None and scope.now - oldest > LONGEST_WAIT:
        message = f"{count} events wait to be sealed, the oldest since {oldest:%Y-%m-%d %H:%M:%S}: does the worker run?"
        faults.append(Fault(FaultKind.PENDING, None, message))
    for event_pk in reader.strays(_MOST_TOLD):
        message = f"event {event_pk} is in no entry, and does not wait for one: somebody keeps it out of the log"
        faults.append(Fault(FaultKind.STRAY, None, message))
    for name in reader.missing_triggers():
        message = f"the trigger {name} is missing: the database lets rows of the log be changed"
        faults.append(Fault(FaultKind.TRIGGER, None, message))
    faults += [Fault(FaultKind.INTENTION, None, told) for told in reader.unproven(_MOST_TOLD)]
    return faults
