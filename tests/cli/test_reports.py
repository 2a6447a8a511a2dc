"""`syncd drift-report` in each format, into a file, and again."""

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.drift_report import TABLE
from syncd.cli.failures import ERROR, SOURCE_UNHEALTHY, USAGE
from syncd.reporting import FORMATS
from syncd.reporting.document import NO_CHECKPOINT
from tests.cli.conftest import Office

FORMS = [TABLE, *(name for name in FORMATS if ":" not in name)]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def drifted(installed: Office, capsys: Capture) -> Office:
    """An installation in which somebody has no account."""
    installed.org.assign(installed.org.create_user("ada@example.com", "Ada", "Lovelace"))
    return installed


def report(office: Office, capsys: Capture, *options: str) -> str:
    assert office.syncd("drift-report", "--quiet", *options) == 2
    return capsys.readouterr().out


def document(office: Office, capsys: Capture, *options: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(report(office, capsys, "--json", *options))
    return told


@pytest.mark.parametrize("form", FORMS)
def test_an_earlier_report_is_the_same_bytes_printed_and_in_a_file(
    drifted: Office, capsys: Capture, tmp_path: Path, form: str
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    told = report(drifted, capsys, "--format", form)
    run = document(drifted, capsys)["history"][0]["run"]
    drifted.org.assign(drifted.org.create_user("grace@example.com", "Grace", "Hopper"))
    assert report(drifted, capsys, "--format", form, "--from-run", run) == told
    for path in (first, again):
        assert report(drifted, capsys, "--format", form, "--from-run", run, "--output", str(path)) == ""
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes().decode() == told
    assert "ada@example.com" in told
    assert "grace@example.com" not in told


def test_a_person_reads_where_a_report_comes_from(drifted: Office, capsys: Capture) -> None:
    told = report(drifted, capsys)
    found = document(drifted, capsys, "--from-run", document(drifted, capsys)["history"][0]["run"])
    for said in (found["run"]["id"], found["seal"]["digest"], found["balance"]["line"], found["report"]["policy"]):
        assert said in told
    assert f"Checkpoint: {NO_CHECKPOINT}" in told
    assert "Nothing is concluded of 0." in told


def test_a_file_is_for_its_owner_only_and_takes_the_place_of_the_old_one(
    drifted: Office, capsys: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "report.csv"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o644)
    assert drifted.syncd("drift-report", "--quiet", "--format", "csv", "--output", str(path)) == 2
    assert str(path) in capsys.readouterr().err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
    assert [row["situation"] for row in rows] == ["", "ghost", "ghost"]
    assert [one.name for one in tmp_path.iterdir() if "report" in one.name] == ["report.csv"]


def test_a_file_that_cannot_be_written_is_told_before_okta_is_asked(
    drifted: Office, capsys: Capture, tmp_path: Path
) -> None:
    for path, remedy in ((tmp_path / "no" / "report", "mkdir -p"), (tmp_path, "leave --output out")):
        assert drifted.syncd("drift-report", "--output", str(path)) == ERROR
        told = capsys.readouterr()
        assert remedy in told.err
        assert "assignments so far" not in told.err + told.out


def test_the_columns_of_vanta_go_with_csv(drifted: Office, capsys: Capture) -> None:
    assert report(drifted, capsys, "--format", "csv", "--profile", "vanta").startswith("Account name,Account owner,")
    assert drifted.syncd("drift-report", "--format", "json", "--profile", "vanta") == USAGE
    assert "--format csv" in capsys.readouterr().err
    assert drifted.syncd("drift-report", "--format", "csv", "--json") == USAGE
    assert drifted.syncd("drift-report", "--from-run", "x", "--accept-rows", "3") == USAGE


def test_a_run_without_a_report_is_told_with_the_reason(installed: Office, capsys: Capture) -> None:
    assert installed.syncd("drift-report", "--from-run", "nowhere") == ERROR
    assert "crm has no run nowhere; syncd plan list --app crm" in capsys.readouterr().err
    assert installed.syncd("drift-report", "--quiet", "--json") == SOURCE_UNHEALTHY
    assert json.loads(capsys.readouterr().out)["report"] is None
    assert installed.syncd("plan", "list", "--json") == 0
    run = json.loads(capsys.readouterr().out)[0]["run"]
    assert installed.syncd("drift-report", "--from-run", run) == ERROR
    assert "before there was anything to say" in capsys.readouterr().err


def test_nothing_is_no_evidence_and_replaces_none(installed: Office, capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("yesterday's", encoding="utf-8")
    for options in (["--json", "--output", str(path)], ["--format", "csv"]):
        assert installed.syncd("drift-report", "--quiet", *options) == SOURCE_UNHEALTHY
        told = capsys.readouterr()
        assert (told.out, "nothing was written" in told.err) == ("", True)
    assert path.read_text(encoding="utf-8") == "yesterday's"


def test_what_to_fail_on_holds_for_an_earlier_report_too(drifted: Office, capsys: Capture) -> None:
    run = document(drifted, capsys)["run"]["id"]
    assert drifted.syncd("drift-report", "--from-run", run, "--fail-on", "lapsed") == 0
    assert drifted.syncd("drift-report", "--from-run", run, "--fail-on", "ghost") == 2
