"""The page of invariants says what there is: every number that the code names, every file, every kind of proof."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.architecture.test_repository import ROOT, tracked

PAGE = ROOT / "docs" / "invariants.md"
NUMBER = re.compile(r"\bI(?:[1-9]|1[0-9]|2[0-2])\b")
OF_CODE = re.compile(r"\(invariants? [^)]*\)")
OF_MONITOR = re.compile(r"\b(I\d+): ")


class Row(NamedTuple):
    """A row of the page: the number, what holds, where, and what shows it."""

    number: str
    says: str
    enforced: str
    shown: str


def rows() -> list[Row]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [Row(*map(str.strip, line.strip("|").split("|"))) for line in lines if line.startswith("| I")]


def sources(folder: str) -> Iterator[str]:
    for path in tracked():
        if path.suffix == ".py" and path.is_relative_to(ROOT / folder):
            yield path.read_text(encoding="utf-8")


def test_the_numbers_have_no_gap() -> None:
    assert [row.number for row in rows()] == [f"I{number}" for number in range(1, 23)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_what_a_row_names_is_there(row: Row) -> None:
    named = re.findall(r"`([^`]+)`", row.enforced + row.shown)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_what_the_code_names_is_on_the_page() -> None:
    said = {number for text in sources("syncd") for named in OF_CODE.findall(text) for number in NUMBER.findall(named)}
    assert said
    assert said <= {row.number for row in rows()}


def test_the_monitors_judge_what_the_page_says_that_schedules_show() -> None:
    judged = {number for text in sources("tests/proof") for number in OF_MONITOR.findall(text)}
    assert judged == {row.number for row in rows() if row.shown.startswith("schedules")}
