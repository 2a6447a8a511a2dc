"""Have a checkpoint of the audit log cosigned by witnesses, and keep what they signed beside it.

What a witness has seen is asked of the witness itself, so that a database that was put back cannot answer for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from syncd.core.merkle import consistency_ranges, range_root
from syncd.core.notes import IsSigned, Note, NoteError
from syncd.ports.audit import AuditLog, SignedCheckpoint
from syncd.ports.witnesses import Witness, WitnessConflictError, WitnessError, WitnessUnreachableError

_MOST_ATTEMPTS: Final = 3
_REMEDY: Final = "Run: syncd audit verify"


class Outcome(StrEnum):
    """What became of asking a witness."""

    COSIGNED = "cosigned"
    BEHIND = "behind"
    """The witness has cosigned more entries than this log has: it was put back."""
    OVERTAKEN = "overtaken"
    """The witness has cosigned a later checkpoint, of entries that this log has too."""
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class WitnessTold:
    """What one witness did. `why` is a sentence with the remedy, empty where it cosigned.

    `has` is how many entries it has cosigned, where it said so.
    """

    witness: str
    outcome: Outcome
    why: str = ""
    has: int | None = None


def cosigned(
    log: AuditLog, signed: SignedCheckpoint, witnesses: Iterable[Witness], is_signed: IsSigned
) -> tuple[WitnessTold, ...]:
    """Ask each witness for its cosignature of a checkpoint, keep it, and return what each did, in their order.

    One whose cosignature the checkpoint has already is not asked. Raises `NoteError` where the checkpoint's note cannot
    be read, and nothing because of a witness.
    """
    note = Note.parse(signed.note)
    return tuple(_told(log, signed, note, witness, is_signed) for witness in witnesses)


def _told(log: AuditLog, signed: SignedCheckpoint, note: Note, witness: Witness, is_signed: IsSigned) -> WitnessTold:
    name = witness.key.name
    try:
        if note.signed_by([witness.key], is_signed):
            return WitnessTold(name, Outcome.COSIGNED, has=signed.size)
        return _asked(log, signed, note, witness)
    except NoteError:
        return WitnessTold(name, Outcome.REFUSED, f"the cosignature of {name} that is kept does not hold. {_REMEDY}")
    except WitnessUnreachableError as error:
        return WitnessTold(name, Outcome.UNREACHABLE, str(error))
    except WitnessError as error:
        return WitnessTold(name, Outcome.REFUSED, str(error))
    except KeyError as error:
        why = f"entries are missing, so nothing can be proved to {name}: {error.args[0]}. {_REMEDY}"
        return WitnessTold(name, Outcome.REFUSED, why)


def _asked(log: AuditLog, signed: SignedCheckpoint, note: Note, witness: Witness) -> WitnessTold:
    """Ask from nothing first: a witness that has cosigned something says how much, and is asked from there."""
    name, old = witness.key.name, 0
    for _ in range(_MOST_ATTEMPTS):
        proof = _proof(log, old, signed.size)
        try:
            line = witness.cosign(old, proof, note)
        except WitnessConflictError as conflict:
            if conflict.size > signed.size or conflict.size == old:
                return _contradicted(log, name, signed, conflict.size)
            old = conflict.size
        else:
            log.keep_cosignature(signed.size, name, str(line))
            return WitnessTold(name, Outcome.COSIGNED, has=signed.size)
    return WitnessTold(name, Outcome.REFUSED, f"{name} names another size each time that it is asked", old)


def _contradicted(log: AuditLog, name: str, signed: SignedCheckpoint, size: int) -> WitnessTold:
    with log.reading_log() as reader:
        entries = reader.head().size
    if signed.size < size <= entries:
        return WitnessTold(name, Outcome.OVERTAKEN, f"{name} has cosigned a later checkpoint, of {size} entries", size)
    put_back = f"An older database was put back, or another one signs under this name. {_REMEDY}"
    if size > signed.size:
        why = f"{name} has cosigned {size} entries of this log, and there are {entries}. {put_back}"
        return WitnessTold(name, Outcome.BEHIND, why, size)
    why = f"{name} has cosigned {size} other entries under the name of this log. {put_back}"
    return WitnessTold(name, Outcome.REFUSED, why, size)


def _proof(log: AuditLog, old: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that the first `size` entries grew from the first `old`, as they are stored. Raises KeyError."""
    if old == 0:
        return ()
    with log.reading_log() as reader:
        return tuple(range_root(*one, reader.node) for one in consistency_ranges(old, size))
