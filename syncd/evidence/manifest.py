"""The manifest of a pack: every other file with its SHA-256, and the signature that binds them all to the log's key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from syncd.core.notes import ED25519, IsSigned, Note, NoteError, VerifierKey
from syncd.evidence.problems import PackError

FORMAT: Final = "syncd-evidence-pack/1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
LARGEST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One file of a pack, and what is in it, in words."""

    name: str
    content: bytes
    holds: str

    def as_json(self) -> dict[str, Any]:
        """Return it as the manifest has it."""
        digest = sha256(self.content).hexdigest()
        return {"name": self.name, "bytes": len(self.content), "sha256": digest, "holds": self.holds}


def pretty(value: Mapping[str, Any]) -> bytes:
    """Return JSON for people and programs: the same bytes for the same value."""
    return f"{json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)}\n".encode()


def signed_text(manifest: bytes) -> str:
    """Return what is signed of a manifest. It is no checkpoint, and no checkpoint is it: one has a size there."""
    return f"{FORMAT}\n{MANIFEST} sha256 {sha256(manifest).hexdigest()}\n"


def refuse_signature(manifest: bytes, signature: bytes, key: VerifierKey, is_signed: IsSigned) -> None:
    """Raise `PackError` unless the key, and it alone, signed the manifest, and the signature is written as one."""
    if key.kind != ED25519:
        raise PackError(SIGNATURE, f"the key of {key.name} is that of a witness: give the log's own")
    try:
        raw = signature.decode()
        note = Note.parse(raw)
        holding = note.signed_by([key], is_signed)
    except (UnicodeDecodeError, NoteError) as error:
        raise PackError(SIGNATURE, str(error)) from error
    if not holding:
        names = ", ".join(f"{one.name}+{one.key_id.hex()}" for one in note.signatures)
        raise PackError(SIGNATURE, f"it is by {names}, and not by the key you gave, {key.name}+{key.key_id.hex()}")
    if str(note) != raw or len(note.signatures) != 1:
        raise PackError(SIGNATURE, "it is not written as syncd writes it: one signature, and nothing else")
    if note.text != signed_text(manifest):
        raise PackError(MANIFEST, "it is not the one that was signed")


def read_manifest(content: bytes) -> dict[str, Any]:
    """Return a manifest whose signature holds. Raises `PackError` where this version cannot read it."""
    if len(content) > LARGEST:
        raise PackError(MANIFEST, f"it has more than {LARGEST} bytes")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PackError(MANIFEST, f"it cannot be read: {error}") from error
    found = told.get("format") if isinstance(told, dict) else None
    if found != FORMAT:
        raise PackError(MANIFEST, f"it is of the format {found!r}; this version of syncd reads {FORMAT}")
    return dict(told)


def refuse_files(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Raise `PackError` unless the files are those of the manifest, byte for byte."""
    listed = {one["name"]: one for one in manifest["files"]}
    for name, one in listed.items():
        content = files.get(name)
        if content is None:
            raise PackError(name, "the manifest lists it, and it is not there")
        if len(content) != one["bytes"] or sha256(content).hexdigest() != one["sha256"]:
            raise PackError(name, "it was changed: its SHA-256 is not the one in the manifest")
    for name in files:
        if name not in listed and name not in {MANIFEST, SIGNATURE}:
            raise PackError(name, "the manifest does not list it")
