"""The files of `syncd audit`: proofs, public keys, and lines of JSON that are written as they are read."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from syncd.cli.console import announce
from syncd.cli.failures import ERROR, Failure

if TYPE_CHECKING:
    from syncd.core.notes import VerifierKey
    from syncd.core.proofs import Proof

STANDARD_OUTPUT: Final = Path("-")
_ONLY_OURS: Final = 0o600


def keep_proof(path: Path, proof: "Proof") -> None:
    """Write a proof to a new file, for its owner only: it has personal data. The same one may be there already."""
    whole = str(proof).encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.read_bytes() == whole:
            return
        with os.fdopen(_new_file(path), "wb") as file:
            file.write(whole)
    except FileExistsError:
        message = f"{path}: there is another file in the way, and it is not overwritten; name another --output"
        raise Failure(message) from None
    except OSError as error:
        message = f"{path}: the proof cannot be written: {error.strerror}"
        raise Failure(message) from error


def read_keys(given: str) -> list["VerifierKey"]:
    """Return the public keys of an option: a key, or a file with one in each line. Raises `click.BadParameter`."""
    from syncd.core.notes import NoteError, VerifierKey

    try:
        is_file = Path(given).is_file()
    except (OSError, ValueError):  # too long for a path, or no path at all
        is_file = False
    try:
        lines = Path(given).read_text(encoding="utf-8").splitlines() if is_file else [given]
        keys = [VerifierKey.parse(line) for line in lines if line.strip() and not line.startswith("#")]
    except (NoteError, OSError, UnicodeDecodeError) as error:
        message = f"{given if is_file else 'no file of that name is there, and'}: {error}"
        raise click.BadParameter(message, param_hint="--pubkey") from error
    if not keys:
        raise click.BadParameter(f"{given}: there is no key in the file", param_hint="--pubkey")
    return keys


@contextmanager
def opened_for_lines(output: Path | None) -> Iterator[TextIO]:
    """Open a new file, for its owner only, or standard output."""
    if output is None or output == STANDARD_OUTPUT:
        yield sys.stdout
        return
    try:
        handle = _new_file(output)
    except FileExistsError:
        message = f"{output}: there is such a file, and it is not overwritten; name another --output"
        raise Failure(message) from None
    except OSError as error:
        message = f"{output}: the file cannot be written: {error.strerror}"
        raise Failure(message) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        yield file


def write_lines(file: TextIO, lines: Iterable[Mapping[str, Any]], start: int) -> int:
    """Write the lines, and tell how to go on. Where nobody reads any more, nothing more is written."""
    count, after = 0, start
    try:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
            count, after = count + 1, line["seq"] + 1
        file.flush()
    except BrokenPipeError:
        # What is buffered would be written, and fail, once more at the end of the program.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except OSError as error:
        message = (
            f"the export broke off: {error.strerror}. Take off its last line if it is not whole, and go on: --from"
        )
        raise Failure(message) from error
    announce(f"{count} entries; what comes later: --from {after}")
    return 0


def _new_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OURS)
