"""Entries and checkpoints of the log as lines of JSON: what proves the rest of a pack, and how it is read again."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.proofs import ENDING
from syncd.evidence.problems import PackError
from syncd.workflows.log_records import Head, Record

PROOFS: Final = "proofs/"


def proof_name(entry: int) -> str:
    """Return the name of the file with the proof of one entry."""
    return f"{PROOFS}{entry:012d}{ENDING}"


def lines(values: Iterable[Mapping[str, Any]]) -> bytes:
    """Return one JSON object a line, keys in order."""
    return "".join(f"{json.dumps(one, sort_keys=True, ensure_ascii=False)}\n" for one in values).encode()


def record_line(record: Record) -> dict[str, Any]:
    """Return an entry: its body as text, byte for byte, its personal part, and its path to the root in base64."""
    raw = record.entry.raw
    return {
        "entry": raw.seq,
        "body": (raw.body or b"").decode(),
        "personal": raw.personal.decode() if raw.personal is not None else None,
        "salt": raw.salt.hex() if raw.salt is not None else None,
        "path": [base64.b64encode(node).decode() for node in record.path],
    }


def head_line(head: Head) -> dict[str, Any]:
    """Return a checkpoint: its note, when it was signed, and the path from it to the newest one in base64."""
    return {
        "size": head.checkpoint.size,
        "signed": timestamp(head.checkpoint.signed),
        "note": head.checkpoint.note,
        "path": [base64.b64encode(node).decode() for node in head.path],
    }


def read_lines(name: str, content: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a file. Raises `PackError`."""
    for number, line in enumerate(content.splitlines(), 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PackError(name, f"line {number} cannot be read: {error}") from error
        if not isinstance(value, dict):
            raise PackError(name, f"line {number} is no object")
        yield value


def path_of(name: str, line: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the path of a line. Raises `PackError`."""
    try:
        return tuple(base64.b64decode(node.encode(), validate=True) for node in line["path"])
    except (KeyError, AttributeError, TypeError, binascii.Error) as error:
        raise PackError(name, f"a path cannot be read: {error}") from error
