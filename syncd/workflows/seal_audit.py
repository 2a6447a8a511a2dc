"""Seal the audit log: what was written becomes entries, chained and in a tree, and checkpoints are signed of it.

Nothing is ever sealed again. A log that does not hold what was signed of it is not gone on with; a database that is
behind what is known of it outside, because somebody put an older one back, goes on under another name and says so.
"""

import base64
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from syncd.core.audit_log import (
    RECORD,
    LogHead,
    Record,
    Waiting,
    canonical,
    ends_run,
    epoch_of,
    epoch_origin,
    grow,
    record_of,
    rotation_message,
)
from syncd.core.checkpoints import Checkpoint, Occasion, occasion
from syncd.core.merkle import Tree, range_root
from syncd.core.notes import IsSigned, Note, NoteError, VerifierKey
from syncd.core.verification import Trust, history_of
from syncd.ports import Clock
from syncd.ports.audit import AuditLog, LogReader, LogWriter, Outside, OutsideError, SignedCheckpoint, Signer

BATCH: Final = 5000
LEASE: Final = timedelta(seconds=30)
_REMEDY: Final = "Nothing more is sealed in this database. Run: syncd audit verify"


class BrokenLogError(Exception):
    """The log does not hold what was signed of it, so it is not gone on with; the message says where."""


@dataclass(frozen=True, slots=True)
class Notary:
    """Who seals: the log, its name, and where its heads go. Without `signer` entries are made and nothing is signed."""

    log: AuditLog
    clock: Clock
    origin: str
    signer: Signer | None
    is_signed: IsSigned
    outside: Outside


@dataclass(frozen=True, slots=True)
class SealResult:
    """What one round came to: how many events became entries, what was signed, and which epoch began, if one did.

    `is_more` tells that events still wait, `why_unsigned` why a checkpoint that is due was not signed.
    """

    sealed: int
    checkpoint: SignedCheckpoint | None = None
    begun: int | None = None
    is_more: bool = False
    why_unsigned: str | None = None


@dataclass(slots=True)
class _Round:
    """One round as it is made: what is to be sealed, and what is known of the outside."""

    notary: Notary
    unit: LogWriter
    waiting: list[Waiting]
    newest: SignedCheckpoint | None
    unread: str | None = None
    epoch: int | None = None
    records: list[Waiting] = field(default_factory=list)


def seal(notary: Notary, token: int) -> SealResult:
    """Seal what waits, and sign a checkpoint where one is due.

    Raises `LeaseLostError` when a later sequencer took the log over, and `BrokenLogError`; then nothing was written.
    """
    note, unread = _outside(notary)
    with notary.log.sealing(token, LEASE) as unit:
        work = _Round(notary, unit, list(unit.waiting(BATCH)), unit.newest_checkpoint(), unread)
        if note is not None:
            _compare(work, note)
        due = _due(work) if notary.signer else None
        if due is Occasion.HEARTBEAT and not work.waiting:
            work.records.append(_record(notary, Record.HEARTBEAT))
        growth = grow(unit.head(), [*work.waiting, *work.records], work.epoch)
        if growth.entries:
            unit.append(growth)
        signed = None
        if due and notary.signer and not work.unread:
            signed = _signed(work, growth.head, [notary.signer])
    is_more = len(work.waiting) == BATCH
    return SealResult(len(work.waiting), signed, work.epoch, is_more, work.unread if due else None)


def rotate(notary: Notary, token: int, successor: Signer) -> SignedCheckpoint:
    """Write that another key signs from here on, signed by both, and sign a checkpoint with both.

    Raises as `seal` does, and ValueError when there is no key to follow.
    """
    if notary.signer is None:
        raise ValueError("there is no key yet that another could follow")
    old, new = str(notary.signer.key), str(successor.key)
    message = rotation_message(old, new)
    signatures = {"old": _base64(notary.signer.sign(message)), "new": _base64(successor.sign(message))}
    with notary.log.sealing(token, LEASE) as unit:
        work = _Round(notary, unit, list(unit.waiting(BATCH)), unit.newest_checkpoint())
        record = _record(notary, Record.KEY_ROTATED, old=old, new=new, signatures=signatures)
        growth = grow(unit.head(), [*work.waiting, record])
        unit.append(growth)
        return _signed(work, growth.head, [notary.signer, successor])


def _outside(notary: Notary) -> tuple[str | None, str | None]:
    """Return the newest head that is kept outside, or why it is not known."""
    try:
        return notary.outside.newest(), None
    except OutsideError as error:
        return None, str(error)


def _compare(work: _Round, note: str) -> None:
    """Begin an epoch when the database is not the one that the outside knows."""
    notary, head = work.notary, work.unit.head()
    try:
        read = Note.parse(note)
        checkpoint = Checkpoint.of(read)
        signers = read.signed_by(_keys(work), notary.is_signed)
    except NoteError as error:
        work.unread = f"what is kept outside is no checkpoint: {error}"
        return
    epoch = epoch_of(notary.origin, checkpoint.origin)
    if epoch is None:
        work.unread = f"what is kept outside is of {checkpoint.origin!r}, and this log is {notary.origin!r}"
        return
    if notary.signer and not signers:
        work.unread = (
            "what is kept outside is signed by no key that this one followed: somebody else wrote it, or a key was "
            "lost, and then the log needs another audit.origin"
        )
        return
    if epoch < head.epoch or (epoch == head.epoch and _has(work.unit, head.size, checkpoint)):
        return
    work.epoch = max(epoch, head.epoch) + 1
    found = {"size": head.size, "root": _base64(_stored_root(work.unit, head.size))}
    work.records.append(_record(notary, Record.EPOCH, epoch=work.epoch, found=found, outside=note))


def _keys(work: _Round) -> list[VerifierKey]:
    """Return the keys that have ever signed this log, as far as the one that signs now leads to them."""
    if work.notary.signer is None:
        return []
    trust = Trust(work.notary.origin, [work.notary.signer.key], work.notary.is_signed)
    return [key for _, key in history_of(work.unit.records(), trust).keys]


def _has(unit: LogReader, size: int, checkpoint: Checkpoint) -> bool:
    return checkpoint.size <= size and _stored_root(unit, checkpoint.size) == checkpoint.root


def _due(work: _Round) -> Occasion | None:
    signed_size = work.newest.size if work.newest else 0
    grown = bool(work.waiting or work.records) or work.unit.head().size > signed_size
    since = work.notary.clock.now() - work.newest.signed if work.newest else None
    if work.epoch:
        return Occasion.RUN_ENDED
    return occasion(grown=grown, run_ended=any(ends_run(one.body) for one in work.waiting), since=since)


def _signed(work: _Round, head: LogHead, signers: list[Signer]) -> SignedCheckpoint:
    """Sign a checkpoint, and keep it. Raises `BrokenLogError` unless the log holds what was signed of it before."""
    _refuse_former_key(work.unit, signers)
    if work.newest:
        _hold(work, work.newest)
    root = Tree(head.size, head.peaks).root()
    if root != _stored_root(work.unit, head.size):
        raise BrokenLogError(f"the tree of {head.size} entries is not the one that grew. {_REMEDY}")
    checkpoint = Checkpoint(epoch_origin(work.notary.origin, head.epoch), head.size, root)
    note = Note(checkpoint.text, tuple(one.sign_note(checkpoint.text) for one in signers))
    signed = SignedCheckpoint(head.size, head.epoch, str(note), work.notary.clock.now())
    work.unit.keep_checkpoint(signed)
    return signed


def _refuse_former_key(unit: LogReader, signers: list[Signer]) -> None:
    """Raise `BrokenLogError` where another key has followed: what the former one signed would be no signature."""
    for entry in reversed(unit.records()):
        try:
            record = record_of(entry.body or b"")
        except ValueError as error:
            raise BrokenLogError(f"entry {entry.seq}, a record of the log: {error}. {_REMEDY}") from error
        if record[RECORD] == Record.KEY_ROTATED:
            if record["new"] not in {str(one.key) for one in signers}:
                message = f"another key signs since entry {entry.seq}: {record['new']}. Put it into the configuration"
                raise BrokenLogError(message)
            return


def _hold(work: _Round, newest: SignedCheckpoint) -> None:
    try:
        note = Note.parse(newest.note)
        note.signed_by([work.notary.signer.key] if work.notary.signer else [], work.notary.is_signed)
        checkpoint = Checkpoint.of(note)
        is_held = checkpoint.size == newest.size and checkpoint.root == _stored_root(work.unit, checkpoint.size)
    except NoteError as error:
        raise BrokenLogError(f"the checkpoint of {newest.size} entries does not hold: {error}. {_REMEDY}") from error
    if not is_held:
        raise BrokenLogError(f"the first {newest.size} entries are not those that were signed. {_REMEDY}")


def _record(notary: Notary, kind: Record, **told: Any) -> Waiting:
    at = notary.clock.now().isoformat()
    return Waiting(None, canonical({RECORD: kind.value, "at": at, "origin": notary.origin, **told}))


def _stored_root(unit: LogReader, size: int) -> bytes:
    """Return the root of the first entries, as they are stored. Raises `BrokenLogError` where some are missing."""
    try:
        return range_root(0, size, unit.node)
    except KeyError as error:
        raise BrokenLogError(f"entries are missing: {error.args[0]}. {_REMEDY}") from error


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
