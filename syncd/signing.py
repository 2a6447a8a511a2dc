"""Ed25519 keys (RFC 8032) in the text form of signed notes: made, read from a file, used, and checked.

Owns: private keys, from their file to a signature. Never: prints one, or keeps one anywhere but in its file.
May import: `core`.
"""

import base64
import binascii
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from syncd.core.notes import (
    COSIGNATURE,
    ED25519,
    NoteError,
    Signature,
    VerifierKey,
    cosignature_value,
    cosigned_message,
)

_PREFIX: Final = "PRIVATE+KEY+"
_SEED: Final = 32
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(ValueError):
    """A key file that cannot be used; the message says which, why, and what to do."""


class SigningKey:
    """A private key with its name. Its text form is a secret; `str` and `repr` do not give it away."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._seed = seed
        self.key = VerifierKey(name, kind, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"<the private key of {self.key.name}>"

    @classmethod
    def new(cls, name: str, kind: int = ED25519) -> "SigningKey":
        """Make a key."""
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read the text form. Raises `NoteError`, which does not repeat what it could not read."""
        if not text.startswith(_PREFIX):
            raise NoteError(f"it does not begin with {_PREFIX}")
        name, _, rest = text.strip().removeprefix(_PREFIX).partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            material = base64.b64decode(encoded.encode(), validate=True)
        except (binascii.Error, ValueError):
            material = b""
        if len(material) != _SEED + 1 or material[0] not in {ED25519, COSIGNATURE}:
            raise NoteError("it is no private key in the form PRIVATE+KEY+NAME+ID+BASE64")
        signing = cls(name, material[0], material[1:])
        if signing.key.key_id.hex() != key_id:
            raise NoteError(f"it is damaged: the id of the key of {name} does not fit")
        return signing

    def secret_text(self) -> str:
        """Return the text form, which is secret."""
        encoded = base64.b64encode(bytes([self.key.kind]) + self._seed).decode()
        return f"{_PREFIX}{self.key.name}+{self.key.key_id.hex()}+{encoded}\n"

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._private.sign(message)

    def sign_note(self, text: str) -> Signature:
        """Return the signature line of a note with this text."""
        return Signature(self.key.name, self.key.key_id, self.sign(text.encode()))

    def cosign(self, text: str, seconds: int) -> Signature:
        """Return the line of a witness that saw this checkpoint at that time, in seconds since 1970."""
        value = cosignature_value(seconds, self.sign(cosigned_message(text, seconds)))
        return Signature(self.key.name, self.key.key_id, value)


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether that is the Ed25519 signature of the message by that key of 32 bytes (RFC 8032, section 5.1.7)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_signing_key(path: Path) -> SigningKey:
    """Read a private key's file. Raises `KeyFileError`, also where others than its owner may read it."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise KeyFileError(f"{path}: others than its owner may read the private key; chmod 600 {path}")
        return SigningKey.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeyFileError(
            f"{path}: there is no such key; `syncd audit init-key` and `syncd witness init-key` make them"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: the private key cannot be read: {error}") from error
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}") from error


def write_signing_key(path: Path, signing: SigningKey) -> None:
    """Write a private key to a new file that its owner alone may read. Raises `KeyFileError` where there is one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        raise KeyFileError(f"{path}: there is a key already, and it is never overwritten") from None
    except OSError as error:
        raise KeyFileError(f"{path}: the private key cannot be written: {error}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(signing.secret_text())
        file.flush()
        os.fsync(file.fileno())
