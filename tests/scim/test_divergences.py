"""DIVERGENCES.md can fail: every row names a test that exists."""

import re
from pathlib import Path

import pytest

import scim

TESTS = Path(__file__).parent
LINES = (Path(scim.__file__).parent / "DIVERGENCES.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in LINES if line.startswith("| ") and not line.startswith(("| RFC clause", "| Kind"))]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_row_is_pinned_by_tests_that_exist(row: str) -> None:
    assert row.count("|") == 5
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", row.split("|")[4])
    assert named
    for file, name in named:
        path = TESTS / file if (TESTS / file).exists() else TESTS.parent / file
        assert f"def {name}(" in path.read_text(encoding="utf-8")


def test_the_table_is_read() -> None:
    assert len(ROWS) > 20
