"""CSV as spreadsheets read it (RFC 4180), in which no cell is taken for a formula (OWASP, CSV Injection).

Names come from outside. A text that begins like a formula somewhere gets an apostrophe in front, and so does one that
begins with an apostrophe, so that every text can be read back.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from scim.resource import timestamp

_STARTS_FORMULA: Final = frozenset("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a header and rows: UTF-8, CRLF at the end of each line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def cell(value: object) -> str:
    """Return a value as a cell: nothing for None, yes or no, a time as SCIM writes it, a number, or a guarded text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, int | float):
        return str(value)
    return guarded(str(value))


def guarded(text: str) -> str:
    """Return the cell that shows a text and is no formula."""
    return f"'{text}" if starts_formula(text) else text


def starts_formula(text: str) -> bool:
    """Return whether a spreadsheet could take a text for a formula, or its first sign for a guard."""
    return text[:1] in _STARTS_FORMULA or text.strip()[:1] in _STARTS_FORMULA if text else False


def restored(text: str) -> str:
    """Return the text of a cell: `restored(guarded(text)) == text`."""
    return text.removeprefix("'")
