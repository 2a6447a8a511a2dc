"""CSV as spreadsheets read it, in which no cell is taken for a formula (OWASP, CSV Injection)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from scim.resource import timestamp
from syncd.evidence.problems import PackError

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a header and rows: UTF-8, CRLF at the end of each line (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def read_csv(name: str, content: bytes) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a file that `write_csv` made, by column, as they were. Raises `PackError`."""
    try:
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True):
            yield {column: restored(value) for column, value in row.items()}
    except (UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise PackError(name, f"it is no CSV: {error}") from error


def cell(value: object) -> str:
    """Return a value as a cell. A text that could be a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def restored(text: Any) -> str:
    """Return the text that a cell shows."""
    return str(text.removeprefix("'"))
