"""What a witness decides (c2sp.org/tlog-witness): whether a checkpoint goes on from what it cosigned of that log."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from syncd.core.audit_log import epoch_of, epoch_origin
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import EMPTY_ROOT, HASH_SIZE, is_consistent
from syncd.core.notes import COSIGNATURE, ED25519, IsSigned, Note, NoteError, Signature, VerifierKey, cosigned_at

MOST_HASHES: Final = 63
"""As many lines as the proof of a submission may have."""
LARGEST: Final = 2**63 - 1
"""The largest size of a log, and the latest time of a cosignature."""

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
_EMPTY_LINE: Final = "\n\n"

Logs = Mapping[str, tuple[VerifierKey, ...]]
"""The keys that a witness trusts, by the origin that they may sign for."""


class SubmissionError(ValueError):
    """What was sent is no submission; the message says why."""


class Verdict(StrEnum):
    """What becomes of a submission."""

    COSIGNED = "cosigned"
    MALFORMED = "malformed"
    UNKNOWN_LOG = "unknown-log"
    UNSIGNED = "unsigned"
    STALE = "stale"
    """It starts from another size than the one that was cosigned last."""
    CONTRADICTED = "contradicted"
    """Another log of the same size was cosigned."""
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a witness remembers of a log: size and root of the checkpoint that it cosigned last."""

    size: int = 0
    root: bytes = EMPTY_ROOT


NEVER: Final = Seen()
"""What a witness knows of a log of which it has cosigned nothing: it began empty."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint for a witness, with the proof that it grew from the first `old` entries (RFC 6962, 2.1.2)."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @classmethod
    def of(cls, old: int, proof: Sequence[bytes], note: Note) -> "Submission":
        """Return the submission of a note that holds a checkpoint. Raises `NoteError` where it holds none."""
        return cls(old, tuple(proof), note, Checkpoint.of(note))

    def __str__(self) -> str:
        hashes = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.proof)
        return f"old {self.old}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, body: bytes) -> "Submission":
        """Read the body of a request. Raises `SubmissionError`."""
        try:
            head, _, rest = body.decode().partition(_EMPTY_LINE)
            first, *hashes = head.split("\n")
            submission = cls.of(_old_size(first), _proof(hashes), Note.parse(rest))
        except (UnicodeDecodeError, NoteError) as error:
            raise SubmissionError(f"{error}") from error
        if submission.checkpoint.size > LARGEST:
            raise SubmissionError(f"no log has more than {LARGEST} entries")
        return submission


def trusted(keys: Iterable[VerifierKey], epochs: Iterable[str] = ()) -> Logs:
    """Return what a witness cosigns: each log under the name of its key, and under the names of epochs that are told.

    Raises ValueError for a key that signs no log, and for an epoch of no log that is named.
    """
    logs: dict[str, tuple[VerifierKey, ...]] = {}
    for key in keys:
        if key.kind != ED25519:
            raise ValueError(f"the key of {key.name} is that of a witness, and signs no log")
        logs[key.name] = (*logs.get(key.name, ()), key)
    named = {**logs}
    for epoch in epochs:
        bases = [name for name in named if _is_later_epoch(name, epoch)]
        if len(bases) != 1 or epoch in named:
            raise ValueError(f"{epoch!r} is no epoch of a log that is named: one looks like ORIGIN/epoch-2")
        logs[epoch] = named[bases[0]]
    return logs


def refused(submission: Submission, logs: Logs, is_signed: IsSigned) -> Verdict | None:
    """Return why a submission is not for this witness at all, whatever it has seen; None where it is."""
    keys = logs.get(submission.checkpoint.origin)
    if keys is None:
        return Verdict.UNKNOWN_LOG
    try:
        if not submission.note.signed_by(keys, is_signed):
            return Verdict.UNSIGNED
    except NoteError:
        return Verdict.UNSIGNED
    return Verdict.MALFORMED if submission.old > submission.checkpoint.size else None


def judge(seen: Seen, submission: Submission) -> tuple[Verdict, Seen]:
    """Return what becomes of a submission that is not refused, and what the witness has seen of that log then.

    It has to have written that down before it answers, and nothing else may come between.
    """
    new = Seen(submission.checkpoint.size, submission.checkpoint.root)
    if submission.old != seen.size:
        return Verdict.STALE, seen
    if new.size == seen.size and new.root != seen.root:
        return Verdict.CONTRADICTED, seen
    if not is_consistent(seen.size, seen.root, new.size, new.root, submission.proof):
        return Verdict.UNPROVEN, seen
    return Verdict.COSIGNED, new


def cosignature_in(answer: str, note: Note, key: VerifierKey, is_signed: IsSigned) -> Signature:
    """Return the cosignature by that key among the lines of an answer. Raises `NoteError` where none holds."""
    *lines, rest = answer.split("\n")
    if rest:
        raise NoteError("the last line has no end")
    for signature in map(Signature.parse, lines):
        if Note(note.text, (signature,)).signed_by([key], is_signed) and _is_cosignature(key, signature):
            return signature
    raise NoteError(f"none of them is a cosignature of {key.name}")


def _is_cosignature(key: VerifierKey, signature: Signature) -> bool:
    return key.kind == COSIGNATURE and cosigned_at(signature.value) <= LARGEST


def _is_later_epoch(origin: str, text: str) -> bool:
    epoch = epoch_of(origin, text)
    return epoch is not None and epoch > 1 and epoch_origin(origin, epoch) == text


def _old_size(line: str) -> int:
    found = _OLD.fullmatch(line)
    if not found:
        raise SubmissionError("the first line is 'old' and a size, such as: old 0")
    return int(found.group(1))


def _proof(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MOST_HASHES:
        raise SubmissionError(f"a proof has at most {MOST_HASHES} lines, this one has {len(lines)}")
    return tuple(map(_hash, lines))


def _hash(line: str) -> bytes:
    try:
        content = base64.b64decode(line.encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SubmissionError("a line of the proof is no base64") from error
    if len(content) != HASH_SIZE or base64.b64encode(content).decode() != line:
        raise SubmissionError(f"a line of the proof is no hash of {HASH_SIZE} bytes")
    return content
