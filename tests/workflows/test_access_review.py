"""Access reviews: opening, deciding and closing, with a fake org, on every database."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from scim.resource import Member
from syncd.core.changes import Action, Cause
from syncd.core.review_sheet import write_sheet
from syncd.core.reviews import Decision, Judgement, Review, Scope, population_digest
from syncd.core.subjects import MarkKind
from syncd.workflows import open_review as opening
from syncd.workflows.decide import RefusedDecisionError
from syncd.workflows.reconcile import report_drift
from syncd.workflows.review_access import close_review, decide_account, decide_sheet
from syncd.workflows.running import ExitCode
from tests.workflows.conftest import APP, LOGINS, Office
from tests.workflows.reviewing import ANN, PERIOD, begun, decide, opened


@pytest.fixture
def review(office: Office, crowd: list[str]) -> Review:
    """An open review of six people who are in sync."""
    return begun(office)


# ------------------------------------------------------------------ opening


def test_a_review_says_how_its_population_came_about(office: Office, crowd: list[str], review: Review) -> None:
    with office.database.reading(APP) as unit:
        items = unit.reviews.items("r-1")
        run = unit.runs.latest(1)[0]
    assert [one.entry.account_id for one in items] == crowd
    assert (review.size, review.digest) == (6, population_digest(one.entry for one in items))
    assert review.generated["snapshot"]["id"] == review.snapshot_id
    assert (review.generated["snapshot"]["run"], review.generated["snapshot"]["rows"]) == (run.run_id, 6)
    assert review.generated["source"]["endpoint"].endswith("/users?expand=user")
    assert review.generated["accounts"] == {
        "readAt": review.generated["accounts"]["readAt"],
        "all": 6,
        "open": 6,
        "closedLeftOut": 0,
        "reviewed": 6,
        "listedByOkta": 6,
        "notListedByOkta": 0,
    }
    assert review.checkpoint is None


def test_the_population_stays_as_it_was_seen(office: Office, crowd: list[str], review: Review) -> None:
    office.edit(crowd[0], userName="other@example.com")
    office.hire("new@example.com")
    with office.database.reading(APP) as unit:
        assert [one.entry.user_name for one in unit.reviews.items("r-1")] == LOGINS


def test_without_a_run_there_is_nothing_to_stand_on(office: Office, crowd: list[str]) -> None:
    with pytest.raises(RefusedDecisionError, match="syncd drift-report --app crm"):
        opened(office)
    office.okta.failing_page = 2
    assert report_drift(office.desk).exit_code is ExitCode.SOURCE_UNHEALTHY
    with pytest.raises(RefusedDecisionError, match="no sealed snapshot"):
        opened(office)


def test_a_snapshot_that_is_too_old_is_refused_with_the_remedy(
    office: Office, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "OLDEST_SNAPSHOT", timedelta(0))
    with pytest.raises(RefusedDecisionError, match=r"hours ago.*syncd drift-report --app crm"):
        opened(office, review_id="r-2")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no reviewer": ({"reviewer": " "}, "--reviewer"),
    "a long reviewer": ({"reviewer": "x" * 2001}, "characters"),
    "a period that ends first": ({"period": (PERIOD[1], PERIOD[0])}, "before it begins"),
    "a day that is over": ({"due": date(2020, 1, 1)}, "give a later --due"),
    "nobody knows who is privileged": ({"scope": Scope.PRIVILEGED}, "guard.admin_groups"),
    "another snapshot": ({"snapshot_id": "nothing"}, "nothing is no sealed snapshot"),
    "nobody was rejected": ({"scope": Scope.REJECTED}, "nothing to review"),
    "nobody is assigned directly": ({"scope": Scope.DIRECT}, "nothing to review"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_review_is_refused_that_makes_no_sense(office: Office, review: Review, what: str) -> None:
    changes, word = REFUSED[what]
    with pytest.raises(RefusedDecisionError, match=word):
        opened(office, review_id="r-2", **changes)
    with office.database.reading(APP) as unit:
        assert len(unit.reviews.all()) == 1


def test_more_than_anybody_reads_is_refused(office: Office, review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_REVIEWED", 5)
    with pytest.raises(RefusedDecisionError, match="smaller"):
        opened(office, review_id="r-2")


def test_scopes_choose_whom_to_review(office: Office, crowd: list[str]) -> None:
    with office.database.transaction(APP, ANN) as unit:
        unit.resources.create("Group", {"displayName": "Admins"}, [Member(crowd[0]), Member(crowd[3])])
        unit.decisions.mark(crowd[0], MarkKind.PROTECTED, "break glass", None)
    office.policy = replace(office.policy, admin_groups=frozenset({"admins"}), protected=frozenset({LOGINS[3]}))
    direct = office.okta_id(LOGINS[2])
    office.okta.assigned[direct] = replace(office.okta.assigned[direct], scope="USER")
    report_drift(office.desk)
    opened(office)
    opened(office, review_id="r-2", scope=Scope.PRIVILEGED)
    opened(office, review_id="r-3", scope=Scope.DIRECT)
    decide(office, crowd[4])
    opened(office, review_id="r-4", scope=Scope.REJECTED)
    with office.database.reading(APP) as unit:
        found = {name: unit.reviews.items(name) for name in ("r-1", "r-2", "r-3", "r-4")}
    whom = {name: [one.entry.account_id for one in items] for name, items in found.items()}
    assert whom == {"r-1": crowd, "r-2": [crowd[0], crowd[3]], "r-3": [crowd[2]], "r-4": [crowd[4]]}
    assert [one.entry.privileged for one in found["r-1"]] == [True, False, False, True, False, False]
    assert [one.entry.kind for one in found["r-2"]] == ["protected", "protected"]


# ------------------------------------------------------------------ deciding


def test_an_account_is_named_by_id_name_or_okta_id(office: Office, crowd: list[str], review: Review) -> None:
    for key in (crowd[0], LOGINS[1].upper(), office.okta_id(LOGINS[2])):
        decide(office, key)
    with office.database.reading(APP) as unit:
        assert [one.decided is not None for one in unit.reviews.items("r-1")] == [True] * 3 + [False] * 3
    with pytest.raises(RefusedDecisionError, match="syncd review show r-1"):
        decide(office, "nobody@example.com")
    with pytest.raises(RefusedDecisionError, match="syncd review list"):
        decide(office, crowd[0], review_id="r-9")


def test_the_owner_decides_nothing_about_their_own_account(office: Office, crowd: list[str], review: Review) -> None:
    own = Judgement(crowd[0], Decision.APPROVE, LOGINS[0].upper(), "")
    with pytest.raises(RefusedDecisionError, match="another person"):
        decide_account(office.database, APP, ANN, "r-1", own)
    with office.database.reading(APP) as unit:
        assert unit.reviews.items("r-1")[0].decided is None


def sheet(office: Office, edit: Callable[[int, list[str]], None]) -> bytes:
    """Return the sheet of the review as it came back; `edit` is given the number of a person and the row."""
    with office.database.reading(APP) as unit:
        found = unit.reviews.find("r-1")
        assert found
        content = write_sheet(found, unit.reviews.items("r-1"))
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    for number, row in enumerate(rows[1:]):
        edit(number, row)
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode()


def test_a_sheet_is_taken_as_a_whole(office: Office, crowd: list[str], review: Review) -> None:
    def edit(number: int, row: list[str]) -> None:
        row[:2] = ("reject", "left") if number < 2 else ("approve", "")

    made = decide_sheet(office.database, APP, Cause("operator:ann"), "r-1", sheet(office, edit), "grace")
    assert [one.decision for one in made] == [Decision.REJECT] * 2 + [Decision.APPROVE] * 4
    again = decide_sheet(office.database, APP, Cause("operator:ann"), "r-1", sheet(office, lambda *_: None), "bob")
    assert again == ()
    with office.database.reading(APP) as unit:
        assert {one.decided and one.decided.reviewer for one in unit.reviews.items("r-1")} == {"grace"}
        assert len(unit.reviews.rejections()) == 2


def test_a_sheet_with_one_wrong_row_changes_nothing(office: Office, review: Review) -> None:
    def edit(number: int, row: list[str]) -> None:
        row[:2] = "approve", "ok"
        if number == 5:
            row[3] = "somebody@example.com"

    with pytest.raises(RefusedDecisionError, match=r"nothing of the file was taken:\n  line 7: userName is"):
        decide_sheet(office.database, APP, ANN, "r-1", sheet(office, edit), "grace")
    with office.database.reading(APP) as unit:
        assert not any(one.decided for one in unit.reviews.items("r-1"))


def test_a_review_is_closed_once_everything_is_decided_or_said(
    office: Office, crowd: list[str], review: Review
) -> None:
    decide(office, crowd[0])
    close: Callable[[Decision | None], Any] = lambda undecided_as: close_review(  # noqa: E731  # it is short
        office.database, APP, Cause("operator:ann"), "r-1", "grace", undecided_as
    )
    with pytest.raises(RefusedDecisionError, match="5 accounts"):
        close(None)
    closed, counts = close(Decision.KEEP)
    assert counts == {"approve": 0, "reject": 1, "keep": 5, "undecided": 0}
    assert closed.closing
    assert (closed.closing.sign_off, closed.closing.undecided_as) == ("grace", Decision.KEEP)
    for late in (lambda: close(None), lambda: decide(office, crowd[1])):
        with pytest.raises(RefusedDecisionError, match="was closed"):
            late()
    with office.database.reading(APP) as unit:
        event = unit.audit_trail(limit=1)[0]
        kept = unit.reviews.items("r-1")[1].decided
    assert (event.action, event.detail["decisions"]) == (Action.REVIEW_CLOSED, closed.closing.digest)
    assert kept
    assert (kept.decision, kept.reviewer) == (Decision.KEEP, "grace")


def test_what_nobody_decided_can_be_rejected_at_the_close(office: Office, crowd: list[str], review: Review) -> None:
    for one in crowd[:4]:
        decide(office, one, Decision.APPROVE)
    close_review(office.database, APP, ANN, "r-1", "grace", Decision.REJECT)
    with office.database.reading(APP) as unit:
        assert {one.account_id for one in unit.reviews.rejections()} == set(crowd[4:])
