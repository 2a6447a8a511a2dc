"""A review as a spreadsheet: what goes out is text only, and what comes back is about what was seen."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core import review_sheet
from syncd.core.review_sheet import SheetRefusedError, neutralised, read_sheet, restored, write_sheet
from syncd.core.reviews import Decision, Entry, Judgement
from tests.core.review_builders import CELLS, decided, entry, items, populations, review

GRACE = "grace@example.com"
PEOPLE = [
    entry(),
    entry(account_id="account-2", user_name="bob@example.com", emails=(), display_name="Bob", owner="00u2"),
]
REVIEW = review(*PEOPLE)
ITEMS = items(REVIEW, PEOPLE)


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheet(edit: Callable[[list[list[str]]], object], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Return the sheet as a reviewer saved it after an edit."""
    rows = table(write_sheet(REVIEW, ITEMS))
    edit(rows)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def say(*decisions: tuple[str, str]) -> Callable[[list[list[str]]], None]:
    def edit(rows: list[list[str]]) -> None:
        for row, (decision, reason) in zip(rows[1:], decisions, strict=False):
            row[:2] = decision, reason

    return edit


def problems(content: bytes, reviewer: str = GRACE) -> tuple[str, ...]:
    with pytest.raises(SheetRefusedError) as caught:
        read_sheet(content, REVIEW, ITEMS, reviewer)
    return caught.value.problems


@given(st.one_of(CELLS, st.text()))
def test_every_text_comes_back_as_it_went_out(text: str) -> None:
    assert restored(neutralised(text)) == text


@given(populations())
def test_no_cell_begins_a_formula_and_no_text_is_a_number(population: list[Entry]) -> None:
    of = review(*population)
    for row in table(write_sheet(of, items(of, population)))[1:]:
        for cell in row:
            assert cell.strip()[:1] not in set("=+-@\t\r")
            assert not set(cell) <= set("0123456789.-") or not any(sign.isdigit() for sign in cell)


@pytest.mark.parametrize(
    "text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "  =1", "\r=1", "007", "1e5", "2026-1-1"]
)
def test_what_a_spreadsheet_would_take_for_something_else_is_behind_an_apostrophe(text: str) -> None:
    assert neutralised(text) == f"'{text}"


@given(populations(), st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_a_sheet_comes_back_from_any_program(population: list[Entry], delimiter: str, encoding: str) -> None:
    of = review(*population)
    known = items(of, population)
    rows = table(write_sheet(of, known))
    for row in rows[1:]:
        row[:2] = "Reject", "'-left"
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    made = read_sheet(out.getvalue().encode(encoding), of, known, "nobody of these")
    assert made == tuple(Judgement(one.entry.account_id, Decision.REJECT, "nobody of these", "-left") for one in known)


@given(populations())
def test_a_program_that_takes_the_apostrophes_away_is_understood(population: list[Entry]) -> None:
    of = review(*population)
    known = items(of, population)
    rows = [[restored(cell) for cell in row] for row in table(write_sheet(of, known))]
    for row in rows[1:]:
        row[0] = "approve"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    assert len(read_sheet(out.getvalue().encode(), of, known, "nobody of these")) == len(known)


def test_rows_without_a_decision_stay_undecided() -> None:
    (made,) = read_sheet(sheet(say(("", ""), ("APPROVED", ""))), REVIEW, ITEMS, GRACE)
    assert made == Judgement("account-2", Decision.APPROVE, GRACE, "")


def test_what_was_decided_before_stays_that_of_who_decided() -> None:
    known = (replace(ITEMS[0], decided=decided()), ITEMS[1])
    content = write_sheet(REVIEW, known)
    assert read_sheet(content, REVIEW, known, "bob.else@example.com") == ()


def test_a_first_line_that_names_the_separator_is_skipped_and_lines_are_still_right() -> None:
    edited = sheet(say(("reject", "left"), ("perhaps", "")), delimiter=";")
    assert problems(b"sep=;\r\n" + edited)[0].startswith("line 4: 'perhaps' is no decision")


def _swapped(rows: list[list[str]]) -> None:
    """Sort one column and no other."""
    column = rows[0].index("userName")
    rows[1][column], rows[2][column] = rows[2][column], rows[1][column]


def _twice(rows: list[list[str]]) -> None:
    for row in rows:
        row.append(row[2])


EDITS: dict[str, tuple[Callable[[list[list[str]]], object], str]] = {
    "one column sorted": (_swapped, "line 2: userName is 'bob@example.com' and went out as 'ada@example.com'"),
    "a digest of another row": (lambda rows: rows[2].__setitem__(-1, rows[1][-1]), "line 3: row is"),
    "another population": (lambda rows: rows[1].__setitem__(-2, "sha256:0"), "line 2: population is"),
    "another review": (lambda rows: rows[1].__setitem__(-3, "r-2"), "line 2: it is of review 'r-2', not of r-1"),
    "an account that is not in it": (lambda rows: rows[1].__setitem__(2, "account-9"), "line 2: account 'account-9'"),
    "a row twice": (lambda rows: rows.append(rows[1]), "line 4: account account-1 is on line 2 already"),
    "no decision column": (lambda rows: [row.pop(0) for row in rows], "line 1: the column decision is missing"),
    "a column twice": (_twice, "line 1: the column account is there twice"),
    "too many cells": (lambda rows: rows[2].append("x"), "line 3: there are more cells"),
    "a reason alone": (say(("", "left")), "line 2: ada@example.com has a reason and no decision"),
    "a rejection without a reason": (say(("reject", " ")), "line 2: the rejection of ada@example.com needs a reason"),
    "nothing": (say(), "no row has a decision"),
}


@pytest.mark.parametrize("what", EDITS)
def test_a_sheet_is_refused_by_line_that_has(what: str) -> None:
    edit, problem = EDITS[what]

    def both(rows: list[list[str]]) -> None:
        if what not in {"a reason alone", "nothing"}:
            say(("approve", "ok"), ("approve", "ok"))(rows)
        edit(rows)

    assert problems(sheet(both))[0].startswith(problem)


def test_one_wrong_row_refuses_all_of_them_and_all_are_told() -> None:
    told = problems(sheet(say(("approve", ""), ("reject", ""))), reviewer="ada")
    assert [one.partition(":")[0] for one in told] == ["line 2", "line 3"]


def test_a_cell_of_several_lines_does_not_move_the_numbers() -> None:
    assert problems(sheet(say(("reject", "left\nand\ngone"), ("perhaps", ""))))[0].startswith("line 5:")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "decision is missing"),
        ("decision;reason\nj\u00e4".encode("latin-1"), "UTF-8"),
        (b"\xff\xfex", "UTF-8"),
        (b'"a', "no CSV"),
        (b"PK\x03\x04\x00", "missing"),
    ],
)
def test_what_is_no_sheet_is_told(content: bytes, word: str) -> None:
    assert word in problems(content)[0]


def test_a_sheet_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_sheet, "LARGEST_SHEET", 10)
    assert "MB" in problems(sheet(say(("approve", ""))))[0]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sheet_or_are_refused(content: bytes) -> None:
    with pytest.raises(SheetRefusedError):
        read_sheet(content, REVIEW, ITEMS, GRACE)
