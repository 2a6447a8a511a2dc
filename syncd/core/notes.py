"""Signed notes as C2SP writes them (c2sp.org/signed-note): a text, and lines with the signatures below it."""

import base64
import binascii
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
"""Of a witness, with a time (c2sp.org/tlog-cosignature)."""

_DASH: Final = "\u2014"
_KEY_ID: Final = 4
_ED25519_KEY: Final = 32
_STAMP: Final = 8
_MOST_SIGNATURES: Final = 64

IsSigned = Callable[[bytes, bytes, bytes], bool]
"""Tells of public key, signature and message whether that is an Ed25519 signature (RFC 8032) of it."""


class NoteError(ValueError):
    """A note that cannot be read, or that nobody signed whom the reader trusts."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Somebody's public key: their name, what kind of signature it checks, and its 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names the key."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:_KEY_ID]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read a key in its text form, NAME+ID+KEY. Raises `NoteError`."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        material = _decoded(encoded)
        is_key = len(material) == _ED25519_KEY + 1 and material[0] in {ED25519, COSIGNATURE}
        if not is_name(name) or not is_key:
            raise NoteError(
                "this is no public key: one looks like example.com/log+1a2b3c4d+AbC... and stands in one line"
            )
        key = cls(name, material[0], material[1:])
        if key.key_id.hex() != key_id:
            raise NoteError(f"the public key of {name} is damaged: its id should be {key.key_id.hex()}, not {key_id}")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: who signed, with which key, and the bytes."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH} {self.name} {_base64(self.key_id + self.value)}\n"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read a signature line, without its end. Raises `NoteError`."""
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH or not is_name(parts[1]):  # noqa: PLR2004 -- dash, name, signature
            raise NoteError(f"a signature line looks like '{_DASH} NAME BASE64', not {line[:80]!r}")
        content = _decoded(parts[2])
        if len(content) <= _KEY_ID:
            raise NoteError(f"the signature of {parts[1]} is too short")
        return cls(parts[1], content[:_KEY_ID], content[_KEY_ID:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a line's end, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    @classmethod
    def parse(cls, raw: str) -> "Note":
        """Read a note. Raises `NoteError`."""
        head, blank, tail = raw.rpartition("\n\n")
        lines = tail.split("\n")
        if not blank or not head or lines.pop() or not lines:
            raise NoteError("a note is a text, an empty line, and lines with signatures, each with its end")
        if any(sign < " " and sign != "\n" for sign in raw):
            raise NoteError("a note has no control characters")
        if len(lines) > _MOST_SIGNATURES:
            raise NoteError(f"a note has at most {_MOST_SIGNATURES} signatures, this one has {len(lines)}")
        return cls(f"{head}\n", tuple(map(Signature.parse, lines)))

    def signed_by(self, keys: Collection[VerifierKey], is_signed: IsSigned) -> tuple[VerifierKey, ...]:
        """Return those of the keys that signed. Raises `NoteError` when the signature of one does not hold."""
        known = {(key.name, key.key_id): key for key in keys}
        holding = []
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is None:
                continue
            if not _holds(key, signature.value, self.text, is_signed):
                raise NoteError(
                    f"the signature of {key.name} does not hold: the note was changed, or another key signed"
                )
            holding.append(key)
        return tuple(holding)

    def with_signature(self, signature: Signature) -> "Note":
        """Return the note with one more signature."""
        return replace(self, signatures=(*self.signatures, signature))


def is_name(text: str) -> bool:
    """Return whether a text may be the name of a key or the origin of a log."""
    return bool(text) and text.isprintable() and not any(sign.isspace() or sign == "+" for sign in text)


def cosigned_message(text: str, seconds: int) -> bytes:
    """Return what a witness signs: that at this time, in seconds since 1970, a checkpoint was the largest it saw."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosignature_value(seconds: int, signature: bytes) -> bytes:
    """Return the bytes of a cosignature line: the time and the signature."""
    return seconds.to_bytes(_STAMP) + signature


def cosigned_at(value: bytes) -> int:
    """Return the time of a cosignature, in seconds since 1970."""
    return int.from_bytes(value[:_STAMP])


def _holds(key: VerifierKey, value: bytes, text: str, is_signed: IsSigned) -> bool:
    if key.kind == COSIGNATURE:
        return is_signed(key.public, value[_STAMP:], cosigned_message(text, cosigned_at(value)))
    return is_signed(key.public, value, text.encode())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError(f"this is no base64: {text[:40]!r}") from error
