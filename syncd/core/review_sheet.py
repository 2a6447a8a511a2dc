"""A review as a spreadsheet: CSV for reviewers who live in one, and what they send back.

A spreadsheet takes what begins like a formula for one, and what looks like a number or a date for that. Such cells go
out behind an apostrophe, and come back with or without it. What a reviewer saw must be what is decided about: a row
whose cells are not those that went out is refused, as where one column was sorted and the others were not.
"""

import csv
import io
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from syncd.core.reviews import Decision, Entry, Judgement, Review, ReviewItem, refuse_judgement
from syncd.core.spreadsheets import starts_formula

LARGEST_SHEET: Final = 64 * 1024 * 1024
"""How many bytes a sheet may have."""

DECISION, REASON, ROW, REVIEW, ACCOUNT, POPULATION = "decision", "reason", "row", "review", "account", "population"
_NEEDED: Final = (DECISION, REASON, ACCOUNT, REVIEW, POPULATION, ROW)

_WORDS: Final = {
    **dict.fromkeys(("approve", "approved"), Decision.APPROVE),
    **dict.fromkeys(("reject", "rejected", "revoke", "remove"), Decision.REJECT),
}
"""What reviewers write, folded."""

_OF_NUMBERS: Final = frozenset(string.digits + ".,:/eE+- ")
"""What numbers, dates and times are made of."""


class SheetRefusedError(ValueError):
    """A sheet that came back is not taken. `problems` say why, by line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def neutralised(text: str) -> str:
    """Return the cell that shows a text and is nothing but text in any spreadsheet."""
    return f"'{text}" if _is_risky(text) else text


def restored(cell: str) -> str:
    """Return the text that a cell shows: `restored(neutralised(text)) == text`."""
    return cell[1:] if cell.startswith("'") and _is_risky(cell[1:]) else cell


def _is_risky(text: str) -> bool:
    return starts_formula(text) or _is_number(text)


def _is_number(text: str) -> bool:
    return _OF_NUMBERS.issuperset(text) and not frozenset(string.digits).isdisjoint(text)


# ------------------------------------------------------------------ out


def write_sheet(review: Review, items: Iterable[ReviewItem]) -> bytes:
    """Return the review as CSV: UTF-8 with a byte order mark, which spreadsheets need to believe that it is."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = (*_shown_columns(), *_NEEDED[3:])
    writer.writerow((DECISION, REASON, *columns))
    for item in items:
        decided = item.decided
        cells = _cells(review, item)
        own = (decided.decision.value, decided.reason) if decided else ("", "")
        writer.writerow([neutralised(cell) for cell in (*own, *(cells[name] for name in columns))])
    return out.getvalue().encode("utf-8-sig")


def _shown_columns() -> tuple[str, ...]:
    return (ACCOUNT, *(name for name, _ in _SHOWN))


def _cells(review: Review, item: ReviewItem) -> dict[str, str]:
    """Return what a row shows beside its decision, by column."""
    entry = item.entry
    known = {
        ACCOUNT: entry.account_id,
        REVIEW: review.review_id,
        POPULATION: f"sha256:{review.digest}",
        ROW: item.digest,
    }
    return known | {name: show(entry) for name, show in _SHOWN}


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _privileged(entry: Entry) -> str:
    return "not known" if entry.privileged is None else "yes" if entry.privileged else "no"


_SHOWN: Final = (
    ("userName", lambda entry: entry.user_name),
    ("displayName", lambda entry: entry.display_name or ""),
    ("emails", lambda entry: _listed(entry.emails)),
    ("owner", lambda entry: entry.owner or ""),
    ("kind", lambda entry: entry.kind),
    ("origin", lambda entry: entry.origin.value),
    ("userType", lambda entry: entry.user_type or ""),
    ("marks", lambda entry: _listed(entry.marks)),
    ("oktaStatus", lambda entry: entry.user_status or ""),
    ("assignmentStatus", lambda entry: entry.assignment_status or ""),
    ("route", lambda entry: entry.route or ""),
    ("privileged", _privileged),
    ("groups", lambda entry: _listed(entry.groups)),
    ("roles", lambda entry: _listed(entry.roles)),
    ("created", lambda entry: _day(entry.created)),
    ("lastModified", lambda entry: _day(entry.modified)),
)

# ------------------------------------------------------------------ in


def read_sheet(content: bytes, review: Review, items: Iterable[ReviewItem], reviewer: str) -> tuple[Judgement, ...]:
    """Return the decisions of a sheet that came back, in its order; rows that say nothing new are left out.

    Commas, semicolons and tabs separate; UTF-8 with or without a byte order mark, or UTF-16 with one. Raises
    `SheetRefusedError` with every line that is wrong: then none of the sheet counts.
    """
    known = {item.entry.account_id: item for item in items}
    problems: list[str] = []
    seen: dict[str, int] = {}
    judgements: list[Judgement] = []
    says_something = False
    for line, row in _rows(_decoded(content)):
        judged = _judge_row(row, review, known, reviewer)
        account_id = row[ACCOUNT]
        says_something = says_something or bool(row[DECISION])
        if account_id in seen:
            problems.append(f"line {line}: account {account_id} is on line {seen[account_id]} already")
        seen.setdefault(account_id, line)
        if isinstance(judged, str):
            problems.append(f"line {line}: {judged}")
        elif judged is not None:
            judgements.append(judged)
    if problems:
        raise SheetRefusedError(problems)
    if not says_something:
        raise SheetRefusedError(["no row has a decision: write approve or reject into the column decision"])
    return tuple(judgements)


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST_SHEET:
        raise SheetRefusedError([f"the file has more than {LARGEST_SHEET // 1024 // 1024} MB"])
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise SheetRefusedError(["the file is not UTF-8: save it as CSV UTF-8"]) from error


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the rows below the header with their line numbers, cells by column, restored."""
    first, _, rest = text.partition("\n")
    skipped = 0
    if re.fullmatch(r"sep=.\s*", first):
        text, skipped = rest, 1
        first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _refuse_header(header)
        line = reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line + 1 + skipped, _row(header, cells, line + 1 + skipped)
            line = reader.line_num
    except csv.Error as error:
        raise SheetRefusedError([f"line {reader.line_num + skipped}: this is no CSV: {error}"]) from error


def _refuse_header(header: Sequence[str]) -> None:
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        problem = f"line 1: the column {missing[0]} is missing: leave the header as it went out"
        raise SheetRefusedError([problem])
    twice = [name for name in (*_NEEDED, *_shown_columns()) if header.count(name) > 1]
    if twice:
        raise SheetRefusedError([f"line 1: the column {twice[0]} is there twice"])


def _row(header: Sequence[str], cells: Sequence[str], line: int) -> Mapping[str, str]:
    if any(cell.strip() for cell in cells[len(header) :]):
        raise SheetRefusedError([f"line {line}: there are more cells than the header has columns"])
    padded = [*cells[: len(header)], *[""] * (len(header) - len(cells))]
    return {name: restored(cell.strip()) for name, cell in zip(header, padded, strict=True)}


def _judge_row(
    row: Mapping[str, str], review: Review, known: Mapping[str, ReviewItem], reviewer: str
) -> Judgement | str | None:
    """Return the decision of a row, None where it has none, or what is wrong with it."""
    item = known.get(row[ACCOUNT])
    if row[REVIEW] != review.review_id:
        return f"it is of review {row[REVIEW]!r}, not of {review.review_id}"
    if item is None:
        return f"account {row[ACCOUNT]!r} is not in review {review.review_id}"
    return _edited(row, _cells(review, item)) or _decision_of(row, item, reviewer)


def _decision_of(row: Mapping[str, str], item: ReviewItem, reviewer: str) -> Judgement | str | None:
    """Return the decision of a row that is as it went out; None where it says nothing new."""
    before = item.decided
    if not row[DECISION]:
        return f"{item.entry.user_name} has a reason and no decision" if row[REASON] and not before else None
    decision = _WORDS.get(row[DECISION].casefold())
    if decision is None:
        return f"{row[DECISION]!r} is no decision: write approve or reject"
    if before and (before.decision, before.reason) == (decision, row[REASON]):
        return None
    judgement = Judgement(item.entry.account_id, decision, reviewer.strip(), row[REASON])
    return refuse_judgement(item.entry, judgement) or judgement


def _words(cell: str) -> str:
    return " ".join(cell.split())


def _edited(row: Mapping[str, str], cells: Mapping[str, str]) -> str | None:
    for name, cell in cells.items():
        # Of a name that begins with an apostrophe itself, a program may have taken one too many.
        if name in row and _words(row[name]) not in {_words(cell), _words(restored(cell))}:
            return f"{name} is {row[name]!r} and went out as {cell!r}: only decision and reason may be edited"
    return None
