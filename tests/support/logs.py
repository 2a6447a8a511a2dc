"""A log for tests: its leaves, its key, and proofs as RFC 6962 defines them, over the list of all leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import leaf_hash
from syncd.core.notes import Note
from syncd.core.witnessing import Submission
from syncd.signing import SigningKey

ORIGIN = "example.com/log"
Leaves = Sequence[bytes]


def naive_root(leaves: Leaves) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return _node(naive_root(leaves[:split]), naive_root(leaves[split:]))


def naive_proof(old: int, leaves: Leaves) -> tuple[bytes, ...]:
    """Return PROOF(old, leaves) of section 2.1.2; nothing where the tree began empty."""
    return tuple(_subproof(old, leaves, is_whole=True)) if old else ()


def _subproof(old: int, leaves: Leaves, *, is_whole: bool) -> Iterable[bytes]:
    if old == len(leaves):
        return [] if is_whole else [naive_root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_subproof(old, leaves[:split], is_whole=is_whole), naive_root(leaves[split:])]
    return [*_subproof(old - split, leaves[split:], is_whole=False), naive_root(leaves[:split])]


def _split(size: int) -> int:
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def numbered(count: int, word: str = "") -> list[bytes]:
    """Return leaves that differ from those with another word."""
    return [leaf_hash(f"{word}{number}".encode()) for number in range(count)]


@dataclass
class SampleLog:
    """A log that signs what it is told to, honest or not."""

    origin: str = ORIGIN
    leaves: list[bytes] = field(default_factory=lambda: numbered(40))
    signing: SigningKey = field(default_factory=lambda: SigningKey.new(ORIGIN))

    @classmethod
    def named(cls, origin: str, *, size: int = 40) -> "SampleLog":
        return cls(origin, numbered(size), SigningKey.new(origin))

    def forked(self, at: int) -> "SampleLog":
        """Return a log of the same key whose entries are others from there on."""
        return SampleLog(self.origin, [*self.leaves[:at], *numbered(len(self.leaves) - at, "fork")], self.signing)

    def note(self, size: int, *signers: SigningKey) -> Note:
        text = Checkpoint(self.origin, size, naive_root(self.leaves[:size])).text
        return Note(text, tuple(one.sign_note(text) for one in signers or (self.signing,)))

    def submission(self, old: int, size: int) -> Submission:
        """Return an honest submission."""
        return Submission.of(old, naive_proof(old, self.leaves[:size]), self.note(size))

    def body(self, old: int, size: int) -> bytes:
        return str(self.submission(old, size)).encode()
