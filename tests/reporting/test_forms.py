"""Each format says the same, carries where it comes from, and is the same bytes for the same document."""

import copy
import csv
import hashlib
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings

from syncd.core.balance import UnbalancedError
from syncd.reporting import FORMATS, render
from syncd.reporting.document import NO_CHECKPOINT, digest_of
from syncd.reporting.separated import COLUMNS, VANTA_COLUMNS
from tests.reporting.documents import CHECKPOINT, HOSTILE, clean_document, documents, hostile_document

TOLD = {name: form for name, form in FORMATS.items() if name != "csv:vanta"}
_OF_A_LINE = {"record", "app", "run"}
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")


def rows_of(document: dict[str, Any], form: str = "csv") -> list[dict[str, str]]:
    text = render(document, form).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def lines_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in render(document, "ndjson").splitlines()]


@pytest.mark.parametrize("form", TOLD)
def test_every_format_carries_where_it_comes_from(form: str) -> None:
    document = hostile_document()
    text = render(document, form).decode()
    for said in (
        "run-7",
        "snapshot-7",
        document["seal"]["sealed"],
        document["seal"]["digest"],
        document["report"]["policy"],
        document["balance"]["line"],
        CHECKPOINT.origin,
        str(CHECKPOINT.size),
        CHECKPOINT.as_json()["root"],
    ):
        assert said in text, said


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_that_does_not_balance_is_not_shown(form: str) -> None:
    lost, unsaid, said_twice = (copy.deepcopy(hostile_document()) for _ in range(3))
    lost["report"]["counts"]["in-sync"] -= 1
    unsaid["situations"] = unsaid["situations"][1:]
    said_twice["balance"]["counted"] += 1
    for spoilt in (lost, unsaid, said_twice):
        with pytest.raises(UnbalancedError):
            render(spoilt, form)


@given(document=documents())
@settings(max_examples=40, deadline=None)
def test_the_same_document_is_the_same_bytes_in_every_format(document: dict[str, Any]) -> None:
    again = json.loads(json.dumps(document))
    for form in FORMATS:
        assert render(document, form) == render(again, form)


# ------------------------------------------------------------------ json


def test_json_is_the_whole_document_and_its_digest_is_that_of_the_file() -> None:
    document = hostile_document()
    assert json.loads(render(document, "json")) == document
    assert hashlib.sha256(render(document, "json")).hexdigest() == digest_of(document)


@given(document=documents())
@settings(max_examples=40, deadline=None)
def test_lines_hold_what_the_document_holds(document: dict[str, Any]) -> None:
    lines = lines_of(document)
    assert lines[0]["record"] == "report"
    assert all((line["app"], line["run"]) == ("crm", "run-7") for line in lines)
    found = [line for line in lines if line["record"] == "finding"]
    assert len(found) == len(document["report"]["findings"])
    told = [{name: value for name, value in line.items() if name not in _OF_A_LINE} for line in found]
    assert all(finding in told for finding in document["report"]["findings"])
    counted = {line["situation"]: line["count"] for line in lines if line["record"] == "situation"}
    assert counted == document["report"]["counts"]


# ------------------------------------------------------------------ csv


@given(document=documents())
@settings(max_examples=40, deadline=None)
def test_csv_counts_and_lists_what_the_document_does(document: dict[str, Any]) -> None:
    rows = rows_of(document)
    counted = {row["situation"]: int(row["count"]) for row in rows if row["record"] == "situation"}
    assert counted == document["report"]["counts"]
    assert sum(row["record"] == "finding" for row in rows) == len(document["report"]["findings"])
    assert sum(counted.values()) == int(rows[0]["count"])


def test_csv_is_as_rfc_4180_has_it() -> None:
    text = render(hostile_document(), "csv").decode()
    assert text.startswith(",".join(COLUMNS) + "\r\n")
    assert text.endswith("\r\n")
    parsed = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in parsed} == {len(COLUMNS)}


@pytest.mark.parametrize("form", ["csv", "csv:vanta"])
def test_no_cell_is_a_formula_and_every_name_can_be_read(form: str) -> None:
    text = render(hostile_document(), form).decode()
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULAS)]
    for name in HOSTILE:
        assert (f"'{name}" if name.startswith(FORMULAS) else name) in cells


def test_csv_says_in_words_that_there_is_no_checkpoint() -> None:
    assert rows_of(hostile_document(None))[0]["checkpoint"] == NO_CHECKPOINT
    assert rows_of(clean_document())[0]["reason"] == "5 in drift"


def test_vanta_gets_each_account_once_with_what_it_requires() -> None:
    rows = rows_of(hostile_document(), "csv:vanta")
    assert tuple(rows[0]) == VANTA_COLUMNS
    assert len(rows) == len(HOSTILE) + 2, "the orphans, the suspended and the robot; nobody who has no account"
    assert {row["Status"] for row in rows} <= {"Active", "Deactivated"}
    assert {row["Account owner"] for row in rows} == {"No owner", "ada@example.com"}
