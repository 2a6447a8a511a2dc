"""A zip in one canonical form, so that the same files are the same bytes on every machine, and no byte is free.

Each file is stored as it is, with the first day of 1980 for its time; the central directory repeats what stands before
each file. Nothing is compressed: what a compressor makes depends on its version, and what is not compressed cannot blow
up. Source: APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
"""

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Final

from syncd.evidence.problems import PackError

MOST_BYTES: Final = 2**31 - 1
"""Bytes of a pack. Every reader of zips can read as much without extensions of the format."""
MOST_FILES: Final = 60_000
WHOLE: Final = "the pack"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}")
_LONGEST_NAME: Final = 150
_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<IHHHHIIH")
_LOCAL_MAGIC, _CENTRAL_MAGIC, _END_MAGIC = 0x04034B50, 0x02014B50, 0x06054B50
_VERSION: Final = 20
_UNIX: Final = 3 << 8
_READABLE: Final = 0o100644 << 16
_FIRST_DAY: Final = 0x0021


def write(files: Mapping[str, bytes]) -> bytes:
    """Return the zip of these files, in their order. Raises `PackError` where they do not fit into one."""
    parts: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for name, content in files.items():
        _refuse_name(name)
        raw, size = name.encode(), len(content)
        if at + size > MOST_BYTES:
            raise PackError(name, f"a pack has at most {MOST_BYTES} bytes: choose a shorter period")
        common = (_VERSION, 0, 0, 0, _FIRST_DAY, zlib.crc32(content), size, size, len(raw), 0)
        directory.append(_CENTRAL.pack(_CENTRAL_MAGIC, _UNIX | _VERSION, *common, 0, 0, 0, _READABLE, at) + raw)
        parts += [_LOCAL.pack(_LOCAL_MAGIC, *common), raw, content]
        at += _LOCAL.size + len(raw) + size
    if len(files) > MOST_FILES:
        raise PackError(WHOLE, f"a pack has at most {MOST_FILES} files, and this would have {len(files)}")
    length = sum(map(len, directory))
    end = _END.pack(_END_MAGIC, 0, 0, len(files), len(files), length, at, 0)
    return b"".join([*parts, *directory, end])


def read(data: bytes) -> dict[str, bytes]:
    """Return the files of a zip. Raises `PackError` unless its files can be read one after the other.

    Whether it is the canonical zip of them, `refuse_other_form` tells.
    """
    if len(data) > MOST_BYTES:
        raise PackError(WHOLE, f"it has more than {MOST_BYTES} bytes")
    files: dict[str, bytes] = {}
    at = 0
    while data[at : at + 4] == _LOCAL_MAGIC.to_bytes(4, "little"):
        name, content, at = _one(data, at)
        if name in files:
            raise PackError(name, "there are two files of that name")
        files[name] = content
        if len(files) > MOST_FILES:
            raise PackError(WHOLE, f"it has more than {MOST_FILES} files")
    if not files:
        raise PackError(WHOLE, "it is no zip, or has no files")
    return files


def refuse_other_form(data: bytes, files: Mapping[str, bytes]) -> None:
    """Raise `PackError` unless the bytes are the canonical zip of the files."""
    wanted = write(files)
    if wanted == data:
        return
    low, high = 0, min(len(wanted), len(data))
    while low < high:  # the first `low` bytes are the same
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wanted[low:middle] == data[low:middle] else (low, middle - 1)
    why = f"byte {low} is not as syncd writes it: it was changed, or packed again by another program"
    raise PackError(WHOLE, why)


def _one(data: bytes, at: int) -> tuple[str, bytes, int]:
    """Return name and content of the file at an offset, and where it ends."""
    begin = at + _LOCAL.size
    if begin > len(data):
        raise PackError(WHOLE, "it ends in the middle of a file")
    _, _, _, method, _, _, _, packed, size, name_length, extra = _LOCAL.unpack_from(data, at)
    try:
        name = data[begin : begin + name_length].decode("ascii")
    except UnicodeDecodeError:
        raise PackError(WHOLE, f"the name of the file at byte {at} cannot be read") from None
    _refuse_name(name)
    if method or packed != size or extra:
        raise PackError(name, "it is compressed, or packed by another program: syncd stores files as they are")
    end = begin + name_length + size
    if end > len(data):
        raise PackError(name, "the pack ends in the middle of it")
    return name, data[begin + name_length : end], end


def _refuse_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise PackError(WHOLE, f"{name[:_LONGEST_NAME]!r} is no name of a file in a pack")
