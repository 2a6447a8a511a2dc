"""Files that a command leaves behind: whole or not at all, and for nobody else's eyes."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from syncd.cli.failures import Failure


def check_writable(path: Path) -> None:
    """Find before a long piece of work that its result can be written there. Raises `Failure` with the remedy."""
    if path.exists() and not path.is_file():
        raise Failure(f"{path} is no file that can be replaced. Name a file, or leave --output out to print")
    if not path.parent.is_dir():
        raise Failure(f"{path.parent} is no folder. Make it: mkdir -p {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise Failure(f"{path.parent} cannot be written to. Name a file in a folder that can")


def write_private(path: Path, content: bytes) -> None:
    """Put a file in place at once, readable by its owner only (mode 0600), in the place of one that is there.

    Whoever reads it meanwhile sees the old one or the new one. Raises `Failure` when it cannot be written; then nothing
    has changed.
    """
    check_writable(path)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(temporary).unlink()
        raise Failure(f"{path} cannot be written: {error.strerror}") from error
