"""Prove a record: its entry, the path to the root of a checkpoint, and the checkpoint, in one value."""

from typing import Final

from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import inclusion_ranges, is_included, leaf_hash, range_root
from syncd.core.notes import Note, NoteError
from syncd.core.proofs import Proof, Record
from syncd.ports.audit import AuditLog, LogEntry, LogReader, SignedCheckpoint

_REMEDY: Final = "Run: syncd audit verify"


class UnprovableError(Exception):
    """A record cannot be proved, or not yet; the message says why, and what to do."""


class UncoveredError(UnprovableError):
    """No checkpoint covers the entry yet."""


def prove(log: AuditLog, entry: int, *, newest: bool = False) -> Proof:
    """Return the proof of an entry of the log, by its number.

    It is against the smallest checkpoint that covers the entry, which was signed first; with `newest` against the
    largest. What does not hold is not handed out. Raises `UnprovableError`.
    """
    with log.reading_log() as reader:
        kept = _entry(reader, entry)
        signed = reader.newest_checkpoint() if newest else next(iter(reader.checkpoints(entry + 1)), None)
        if signed is None or signed.size <= entry:
            raise UncoveredError(
                f"entry {entry} is in the log, and no checkpoint covers it yet. Where the log has a key "
                "(`syncd audit init-key`), `syncd worker` signs one within seconds; try again then"
            )
        return _proof(reader, kept, signed)


def entry_of_event(log: AuditLog, event_pk: int) -> int:
    """Return the number of the entry of an event, by its row number. Raises `UnprovableError`."""
    with log.reading_log() as reader:
        entry = reader.entry_of(event_pk)
        if entry is not None:
            return entry
        waiting, _ = reader.pending()
    raise UnprovableError(
        f"event {event_pk} is in no entry of the log: there is no such event, or it is one of the {waiting} that wait "
        "to be sealed. `syncd worker` seals them; try again then"
    )


def _entry(reader: LogReader, entry: int) -> LogEntry:
    size = reader.head().size
    if not 0 <= entry < size:
        there = f"its entries are 0 to {size - 1}" if size else "it has no entry yet; `syncd worker` seals what waits"
        raise UnprovableError(f"the log has no entry {entry}: {there}")
    kept = next(iter(reader.entries(entry, entry + 1)), None)
    if kept is None or kept.body is None:
        raise UnprovableError(f"entry {entry} should be there, and it, or its event, is missing. {_REMEDY}")
    return kept


def _proof(reader: LogReader, kept: LogEntry, signed: SignedCheckpoint) -> Proof:
    """Return the proof, which leads from the record to the root that was signed. Raises `UnprovableError`."""
    body = kept.body or b""
    try:
        note = Note.parse(signed.note)
        checkpoint = Checkpoint.of(note)
        path = tuple(range_root(*one, reader.node) for one in inclusion_ranges(kept.seq, checkpoint.size))
    except (NoteError, KeyError, ValueError) as error:
        raise UnprovableError(f"entry {kept.seq} cannot be proved: {error.args[0]}. {_REMEDY}") from error
    leaf = leaf_hash(body)
    if leaf != kept.leaf or not is_included(leaf, kept.seq, checkpoint.size, checkpoint.root, path):
        raise UnprovableError(
            f"entry {kept.seq} is not what was signed with the checkpoint of {checkpoint.size} entries. {_REMEDY}"
        )
    return Proof(kept.seq, path, note, Record(body, leaf, kept.salt, kept.personal))
