"""Cells that spreadsheets show and never compute."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.core.spreadsheets import guarded, restored, starts_formula, write_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "'=1"])
def test_what_could_be_a_formula_is_none(text: str) -> None:
    assert guarded(text) == f"'{text}"


@given(st.text())
def test_every_text_can_be_read_back_and_begins_no_formula(text: str) -> None:
    assert restored(guarded(text)) == text
    assert guarded(text)[:1] == "'" or not starts_formula(guarded(text))


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5))
def test_a_table_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    written = write_csv(("one", "two"), rows).decode()
    read = list(csv.reader(io.StringIO(written, newline="")))
    assert read[0] == ["one", "two"]
    assert [[restored(cell) for cell in row] for row in read[1:]] == rows
