"""Witnesses: who cosigns a checkpoint of the audit log elsewhere, and what one says when it does not."""

from collections.abc import Sequence
from typing import Protocol

from syncd.core.notes import Note, Signature, VerifierKey


class WitnessError(Exception):
    """A witness did not cosign; the message says what happened and what to do, and holds nothing that it answered."""


class WitnessConflictError(WitnessError):
    """It has cosigned another size last than the proof began with: `size`."""

    def __init__(self, witness: str, size: int) -> None:
        super().__init__(f"{witness} has cosigned {size} entries")
        self.size = size


class WitnessRefusedError(WitnessError):
    """It looked at the checkpoint and did not cosign it, or what it gave is no cosignature of it."""


class WitnessUnreachableError(WitnessError):
    """It did not answer, or could not."""


class Witness(Protocol):
    """A witness on another host."""

    @property
    def key(self) -> VerifierKey:
        """The public key that it cosigns with, and is believed by."""

    def cosign(self, old: int, proof: Sequence[bytes], note: Note) -> Signature:
        """Have a checkpoint cosigned, with the proof that it grew from `old` entries, and return the signature line.

        What is returned was checked with the key. Takes less than a minute. Raises `WitnessError`, and nothing else.
        """


class Cosigner(Protocol):
    """The private key of a witness. Nothing gives it away."""

    @property
    def key(self) -> VerifierKey:
        """The public key that belongs to it."""

    def cosign(self, text: str, seconds: int) -> Signature:
        """Return the line of a witness that saw this checkpoint at that time, in seconds since 1970."""
