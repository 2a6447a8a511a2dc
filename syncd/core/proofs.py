"""Proofs of one record of the audit log that need nothing but a public key (c2sp.org/tlog-proof).

The extra data of a proof has the record itself: the leaf is made of it, and the path leads from the leaf to the root
that was signed. Nothing of it is believed before that.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from syncd.core.audit_log import PERSONAL, commitment, epoch_of
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import HASH_SIZE, is_included, leaf_hash
from syncd.core.notes import COSIGNATURE, ED25519, IsSigned, Note, NoteError, VerifierKey, cosigned_at

ENDING: Final = ".tlog-proof"
MOST_SIZE: Final = 32 * 1024 * 1024
"""Characters of a proof. A record has at most the changes of one request, and it is in base64 twice."""

_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = "index "
_PARTS: Final = ("body", "leaf", "personal", "salt")
_ALWAYS_THERE: Final = frozenset({"body", "leaf"})


class Fault(StrEnum):
    """Why a proof proves nothing."""

    NOT_A_PROOF = "not-a-proof"
    WRONG_LEAF = "wrong-leaf"
    WRONG_PERSONAL_PART = "wrong-personal-part"
    WRONG_PATH = "wrong-path"
    NOT_SIGNED = "not-signed"
    NOT_COSIGNED = "not-cosigned"


class ProofError(ValueError):
    """A proof that does not hold: `fault` for scripts, the message for people."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class PersonalState(StrEnum):
    """What became of the personal part of a record: names, and what became what."""

    SHOWN = "shown"
    ERASED = "erased"
    NONE = "none"
    """The record has none beside: it is of before there was one, or of the log itself."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the log has it: its body, byte for byte, the hash of its leaf, and the part that can be removed."""

    body: bytes
    leaf: bytes
    salt: bytes | None
    personal: bytes | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: the number of the entry, the path from its leaf to the root, a checkpoint, and the record."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    record: Record

    def __str__(self) -> str:
        """Return the file."""
        extra = {name: _optional_base64(getattr(self.record, name)) for name in _PARTS}
        told = json.dumps(extra, sort_keys=True, separators=(",", ":")).encode()
        path = "".join(f"{_base64(node)}\n" for node in self.path)
        return f"{_FIRST_LINE}\n{_EXTRA}{_base64(told)}\n{_INDEX}{self.index}\n{path}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """Read a file. Raises `ProofError`, also where it is not written exactly as one."""
        if len(text) > MOST_SIZE or not text.startswith(f"{_FIRST_LINE}\n"):
            raise _no_proof(f"it does not begin with the line {_FIRST_LINE}, or is too long")
        head, blank, note = text.partition("\n\n")
        _, *lines = head.split("\n")
        if not blank or len(lines) < 2 or not lines[1].startswith(_INDEX):  # noqa: PLR2004 -- extra and index
            raise _no_proof("it has the lines extra and index, the path, an empty line, and a checkpoint")
        try:
            index = int(lines[1].removeprefix(_INDEX))
            path = tuple(_decoded(line) for line in lines[2:])
            proof = cls(index, path, Note.parse(note), _record_of(lines[0]))
        except (ValueError, RecursionError) as error:
            raise _no_proof(str(error)) from error
        if str(proof) != text or index < 0 or any(len(node) != HASH_SIZE for node in path):
            raise _no_proof("what it says can be read, and it is not written as a proof is")
        return proof


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signed the checkpoint of a proof; `seconds` since 1970 is when a witness saw it."""

    key: VerifierKey
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof proves: that the log had this record as entry number `index` when it had `checkpoint.size` entries.

    `event` is the body. `told` is the personal part, None unless it is shown.
    """

    index: int
    checkpoint: Checkpoint
    signers: tuple[Signer, ...]
    event: Mapping[str, Any]
    state: PersonalState
    told: Mapping[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "entry": self.index,
            "log": self.checkpoint.origin,
            "size": self.checkpoint.size,
            "root": _base64(self.checkpoint.root),
            "signers": [{"key": str(one.key), "seconds": one.seconds} for one in self.signers],
            "event": dict(self.event),
            "personal": self.state.value,
            "told": None if self.told is None else dict(self.told),
        }


def check(proof: Proof, keys: Sequence[VerifierKey], is_signed: IsSigned) -> Proved:
    """Return what a proof proves to somebody who trusts these keys. Raises `ProofError`.

    One of the keys has to be the log's, and to have signed; of several, as after a change of the key, one is enough.
    Every key of a witness that is given has to have signed.
    """
    record = proof.record
    if leaf_hash(record.body) != record.leaf:
        raise ProofError(Fault.WRONG_LEAF, "the record was changed: its leaf is another one than the proof is about")
    event = _object_of(record.body)
    state = _personal_state(record, event)
    try:
        checkpoint = Checkpoint.of(proof.note)
    except NoteError as error:
        raise _no_proof(str(error)) from error
    if not is_included(record.leaf, proof.index, checkpoint.size, checkpoint.root, proof.path):
        message = (
            f"the path does not lead to the root of {checkpoint.size} entries: the log that was signed does not have "
            f"this record as entry {proof.index}"
        )
        raise ProofError(Fault.WRONG_PATH, message)
    signers = _signers(proof.note, checkpoint, keys, is_signed)
    told = _object_of(record.personal) if record.personal is not None else None
    return Proved(proof.index, checkpoint, signers, event, state, told)


def _personal_state(record: Record, event: Mapping[str, Any]) -> PersonalState:
    if (record.salt is None) != (record.personal is None):
        raise ProofError(Fault.WRONG_PERSONAL_PART, "of salt and personal part, one is there and the other is not")
    if PERSONAL not in event:
        if record.personal is not None:
            raise ProofError(Fault.WRONG_PERSONAL_PART, "there is a personal part, and the record commits to none")
        return PersonalState.NONE
    if record.salt is None or record.personal is None:
        return PersonalState.ERASED
    if commitment(record.salt, record.personal) != event[PERSONAL]:
        message = "the personal part is not the one that the record commits to: names or changes in it were changed"
        raise ProofError(Fault.WRONG_PERSONAL_PART, message)
    return PersonalState.SHOWN


def _signers(
    note: Note, checkpoint: Checkpoint, keys: Sequence[VerifierKey], is_signed: IsSigned
) -> tuple[Signer, ...]:
    try:
        held = note.signed_by(keys, is_signed)
    except NoteError as error:
        raise ProofError(Fault.NOT_SIGNED, str(error)) from error
    if not any(key.kind == ED25519 and epoch_of(key.name, checkpoint.origin) for key in held):
        trusted = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys if key.kind == ED25519) or "none"
        there = ", ".join(f"{one.name}+{one.key_id.hex()}" for one in note.signatures)
        message = (
            f"the checkpoint is of the log {checkpoint.origin!r}, and no key of that log that you gave signed it. "
            f"Given: {trusted}. It is signed by: {there}"
        )
        raise ProofError(Fault.NOT_SIGNED, message)
    lacking = [key.name for key in keys if key.kind == COSIGNATURE and key not in held]
    if lacking:
        raise ProofError(Fault.NOT_COSIGNED, f"the witness {', '.join(lacking)} did not sign the checkpoint")
    values = {(one.name, one.key_id): one.value for one in note.signatures}
    return tuple(
        Signer(key, cosigned_at(values[key.name, key.key_id]) if key.kind == COSIGNATURE else None)
        for key in dict.fromkeys(held)
    )


def _record_of(line: str) -> Record:
    """Read a record from the line of the extra data. Raises ValueError."""
    if not line.startswith(_EXTRA):
        raise ValueError("there is no extra data in it, so no record: it was not made by syncd audit prove")
    told = json.loads(_decoded(line.removeprefix(_EXTRA)))
    if not isinstance(told, dict) or sorted(told) != list(_PARTS):
        raise ValueError("its extra data is no record of syncd")
    parts = {name: _part(told, name) for name in _PARTS}
    return Record(parts["body"] or b"", parts["leaf"] or b"", parts["salt"], parts["personal"])


def _part(told: Mapping[str, Any], name: str) -> bytes | None:
    value = told[name]
    if value is None and name not in _ALWAYS_THERE:
        return None
    if not isinstance(value, str):
        raise ValueError(f"its extra data has no {name}")  # noqa: TRY004 -- what was read is wrong, not who called
    return _decoded(value)


def _object_of(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _no_proof(f"the record in it cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise _no_proof("the record in it is no record")
    return value


def _no_proof(why: str) -> ProofError:
    return ProofError(Fault.NOT_A_PROOF, f"this is no proof of a record: {why}")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _optional_base64(content: bytes | None) -> str | None:
    return None if content is None else _base64(content)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"this is no base64: {text[:40]!r}") from error
