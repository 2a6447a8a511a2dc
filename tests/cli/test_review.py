"""`syncd review` from the population to the closed account, with a simulated org."""

import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.failures import ERROR, USAGE
from tests.cli.conftest import Office

Capture = pytest.CaptureFixture[str]
OPEN = ("review", "open", "--period", "2026-07-01..2026-09-30", "--reviewer", "Grace <grace@example.com>")
PEOPLE = ("ada@example.com", "bob@example.com", "=cmd@example.com")


@pytest.fixture
def staffed(installed: Office) -> Office:
    """Three people, assigned in an org that pushes nothing, and with accounts; a drift report has run."""
    installed.employ(*PEOPLE)
    assert installed.syncd("drift-report", "--quiet") == 0
    return installed


def printed(office: Office, capsys: Capture, *arguments: str, code: int = 0) -> Any:
    """Return the JSON that a command prints."""
    capsys.readouterr()
    assert office.syncd(*arguments, "--json") == code
    return json.loads(capsys.readouterr().out)


def test_a_review_refuses_what_is_no_decision(staffed: Office, capsys: Capture) -> None:
    review = printed(staffed, capsys, *OPEN, "--due", "2099-10-31")["id"]
    shown = printed(staffed, capsys, "review", "show", review)
    assert (shown["population"]["size"], shown["population"]["snapshot"]["rows"]) == (3, 3)
    assert shown["checkpoint"] is None
    assert [one["userName"] for one in shown["items"]] == sorted(PEOPLE)
    assert staffed.syncd("review", "decide", review, "ada@example.com", "approve", "--reviewer", "ADA") == ERROR
    assert "another person" in capsys.readouterr().err
    by_grace = ("--reviewer", "grace@example.com")
    assert staffed.syncd("review", "decide", review, "ada@example.com", "reject", *by_grace) == ERROR
    assert "needs a reason" in capsys.readouterr().err
    assert staffed.syncd("review", "close", review, "--sign-off", "grace@example.com") == ERROR
    assert "--undecided-as" in capsys.readouterr().err


def test_a_rejection_is_decided_closed_and_carried_out(staffed: Office, capsys: Capture) -> None:
    review = printed(staffed, capsys, *OPEN)["id"]
    rejecting = ("review", "decide", review, "ada@example.com", "reject", "--reviewer", "grace", "--reason", "left")
    assert staffed.syncd(*rejecting) == 0
    assert "Take the assignments away in Okta too" in capsys.readouterr().out
    closing = ("review", "close", review, "--sign-off", "grace@example.com", "--undecided-as", "keep")
    closed = printed(staffed, capsys, *closing)
    assert (closed["state"], closed["counts"]) == ("closed", {"approve": 0, "reject": 1, "keep": 2, "undecided": 0})
    assert len(closed["closed"]["decisionsSha256"]) == 64
    found = printed(staffed, capsys, "reconcile", "--quiet", code=2)
    (item,) = found["report"]["plan"]["items"]
    assert (item["effect"], item["situation"], item["proposed"]) == ("deactivate", "access-rejected", True)
    digest = found["report"]["plan"]["digest"]
    assert staffed.syncd("plan", "approve", digest, "--by", "Bob", "--reason", "as reviewed") == 0
    done = printed(staffed, capsys, "reconcile", "--apply", "--quiet", "--expect-digest", digest)
    assert [one["outcome"] for one in done["outcomes"]] == ["done"]
    outcomes = {one["userName"]: one["outcome"] for one in printed(staffed, capsys, "review", "show", review)["items"]}
    assert outcomes["bob@example.com"] is None
    assert outcomes["ada@example.com"]["done"] is True
    assert outcomes["ada@example.com"]["closed"]["run"] == done["report"]["run"]
    left = printed(staffed, capsys, "reconcile", "--quiet", code=2)
    assert left["report"]["counts"]["rejected-assigned"] == 1
    assert left["report"]["plan"]["items"] == []


def test_a_review_goes_out_as_a_sheet_and_comes_back(staffed: Office, capsys: Capture, tmp_path: Path) -> None:
    review = printed(staffed, capsys, *OPEN)["id"]
    out, back = tmp_path / "out.csv", tmp_path / "back.csv"
    assert staffed.syncd("review", "show", review, "--csv", str(out)) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert staffed.syncd("review", "show", review, "--csv", str(out)) == ERROR
    assert "is there already" in capsys.readouterr().err
    assert out.read_bytes().startswith(b"\xef\xbb\xbfdecision,reason,account,userName")
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert "'=cmd@example.com" in {row[3] for row in rows}
    for row in rows[1:]:
        row[:2] = ("Rejected", "left") if row[3].startswith("'=") else ("Approved", "")
    with back.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    decide = ("review", "decide", review, "--csv", str(back), "--reviewer", "grace@example.com")
    assert staffed.syncd(*decide) == 0
    assert "3 decisions" in capsys.readouterr().out
    assert staffed.syncd(*decide) == 0
    assert "0 decisions" in capsys.readouterr().out
    other = printed(staffed, capsys, *OPEN)["id"]
    assert staffed.syncd("review", "decide", other, "--csv", str(back), "--reviewer", "grace@example.com") == ERROR
    assert f"line 2: it is of review '{review}', not of {other}" in capsys.readouterr().err
    assert staffed.syncd("review", "show", str(tmp_path), "--csv", str(tmp_path / "no" / "dir.csv")) == ERROR


def test_reviews_are_listed_and_shown_for_people(staffed: Office, capsys: Capture) -> None:
    capsys.readouterr()
    assert staffed.syncd("review", "list") == 0
    assert "syncd review open --app crm" in capsys.readouterr().out
    assert staffed.syncd(*OPEN) == 0
    told = capsys.readouterr().out
    assert "3 accounts for Grace" in told
    review = told.split()[1].rstrip(":")
    decide = ("review", "decide", review, "bob@example.com", "approve", "--reviewer", "grace@example.com")
    assert staffed.syncd(*decide) == 0
    assert staffed.syncd(*decide) == 0
    assert "in place of: approve" in capsys.readouterr().out
    assert staffed.syncd("review", "list") == 0
    assert "1 of 3" in capsys.readouterr().out
    assert printed(staffed, capsys, "review", "list")[0]["counts"]["undecided"] == 2
    assert staffed.syncd("review", "show", review) == 0
    told = capsys.readouterr().out
    assert "1 approve, 2 undecided" in told
    assert "bob@example.com" in told
    assert staffed.syncd("review", "close", review, "--sign-off", "x", "--undecided-as", "reject") == 0
    assert "2 rejected" in capsys.readouterr().out
    assert staffed.syncd("review", "show", review) == 0
    told = capsys.readouterr().out
    assert "Closed:" in told
    assert "no run since" in " ".join(told.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["open", "--period", "2026", "--reviewer", "x"],
        ["open", "--period", "2026-07-01..never", "--reviewer", "x"],
        ["open", "--period", "2026-07-01..2026-07-02", "--reviewer", "x", "--due", "soon"],
        ["open", "--period", "2026-07-01..2026-07-02"],
        ["decide", "r-1", "--reviewer", "x"],
        ["decide", "r-1", "ada", "--reviewer", "x"],
        ["decide", "r-1", "ada", "perhaps", "--reviewer", "x"],
        ["decide", "r-1", "ada", "approve"],
        ["decide", "r-1", "--reviewer", "x", "--csv", "nothing.csv"],
        ["close", "r-1"],
        ["close", "r-1", "--sign-off", "x", "--undecided-as", "approve"],
    ],
)
def test_wrong_usage_of_a_review(installed: Office, arguments: list[str]) -> None:
    assert installed.syncd("review", *arguments) == USAGE


def test_a_review_without_a_run_says_what_to_do_first(installed: Office, capsys: Capture) -> None:
    assert installed.syncd(*OPEN) == ERROR
    assert "syncd drift-report --app crm" in capsys.readouterr().err
    for verb in (["show", "r-1"], ["decide", "r-1", "ada", "approve", "--reviewer", "x"]):
        assert installed.syncd("review", *verb) == ERROR
        assert "syncd review list" in capsys.readouterr().err
