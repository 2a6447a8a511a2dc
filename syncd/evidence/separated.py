"""The tables of a pack, read back."""

import csv
import io
from collections.abc import Iterator, Mapping

from syncd.core.spreadsheets import restored
from syncd.evidence.problems import PackError


def read_csv(name: str, content: bytes) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a table by column, as they were before they were written. Raises `PackError`."""
    try:
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True):
            yield {column: restored(value) for column, value in row.items()}
    except (UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise PackError(name, f"it is no CSV: {error}") from error
