"""Somebody in Okta who has no account here is explained in the same words, and as a run would find them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.changes import Cause, Change
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES, Mode, Situation
from syncd.core.subjects import MarkKind
from syncd.workflows.decide import mark_account
from syncd.workflows.explain import Explanation
from syncd.workflows.explain_person import PersonExplanation, explain_people
from syncd.workflows.reconcile import reconcile, report_drift
from syncd.workflows.timeline import Source
from tests.workflows.conftest import APP, CAUSE, Office
from tests.workflows.test_explain import happen

LOGIN = "ada@example.com"
NOT_HERE = "00uNotHere"
APPROVE = 'approve a plan that holds it: syncd plan approve DIGEST --app crm --by NAME --reason "..."'


def explained(office: Office, key: str) -> PersonExplanation:
    (one,) = explain_people(office.desk, key)
    assert isinstance(one, PersonExplanation)
    return one


def delete(office: Office, account_id: str) -> None:
    with office.database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", unit.resources.read("User", account_id), None))


@pytest.fixture
def ghost(office: Office) -> str:
    """Somebody who is assigned, whom a listing holds, and who has no account; the Okta user id."""
    who = office.okta.hire(LOGIN, external_id="scim-id-of-nobody")
    office.hire("eve@example.com")
    report_drift(office.desk)
    return who


# ------------------------------------------------------------------ by which keys


@pytest.mark.parametrize("key", [None, LOGIN, LOGIN.upper(), "scim-id-of-nobody"])
def test_a_ghost_is_found_by_every_key_of_its_row(office: Office, ghost: str, key: str | None) -> None:
    told = explained(office, key or ghost)
    assert (told.okta_user_id, told.user_name, told.is_listed) == (ghost, LOGIN, True)
    assert (told.judgement.finding.situation, told.tombstone, told.accounts) == (Situation.GHOST, None, ())


@pytest.mark.parametrize("by", ["Okta user id", "user name", "SCIM id"])
def test_somebody_whose_account_was_deleted_is_found_by_every_key_that_it_had(office: Office, by: str) -> None:
    """Though no listing was ever read."""
    account_id = office.hire(LOGIN)
    who = office.okta_id(LOGIN)
    delete(office, account_id)
    told = explained(office, {"Okta user id": who, "user name": LOGIN.upper(), "SCIM id": account_id}[by])
    assert (told.okta_user_id, told.tombstone, told.is_listed) == (who, account_id, False)
    assert told.judgement.finding.situation is Situation.RESURRECTED
    assert told.judgement.finding.reason.endswith(f"account {account_id} was deleted here")


@pytest.mark.parametrize("key", ["nobody", "nobody@example.com", NOT_HERE, "00u/../users"])
def test_a_key_that_nothing_knows_names_nobody(office: Office, ghost: str, key: str) -> None:
    assert explain_people(office.desk, key) == ()


def test_what_is_no_okta_user_id_is_not_asked_about(office: Office, ghost: str) -> None:
    explain_people(office.desk, "nobody")
    assert office.okta.lookups == []


def test_nobody_is_found_by_the_listing_of_another_application(office: Office, ghost: str) -> None:
    office.database.ensure_app("other", "0oaother000000000001")  # type: ignore[attr-defined]  # of the fixture
    assert explain_people(replace(office.desk, app="other"), LOGIN) == ()


def test_somebody_whom_okta_knows_is_explained_before_the_first_listing(office: Office) -> None:
    told = explained(office, office.okta.hire(LOGIN))
    assert (told.is_listed, told.user_name, told.judgement.finding.situation) == (False, None, Situation.GHOST)


def test_who_has_an_account_under_another_name_is_explained_by_it(office: Office) -> None:
    account_id = office.hire("lovelace@example.com")
    who = office.okta_id("lovelace@example.com")
    office.okta.assigned[who] = replace(office.okta.assigned[who], user_name=LOGIN, attributes={"userName": LOGIN})
    report_drift(office.desk)
    (told,) = explain_people(office.desk, LOGIN)
    assert isinstance(told, Explanation)
    assert told.account.id == account_id


# ------------------------------------------------------------------ what Okta says now


def test_an_answer_that_is_not_definitive_is_told_as_unknown(office: Office, ghost: str) -> None:
    office.okta.unanswered.add(ghost)
    told = explained(office, LOGIN)
    assert (told.judgement.finding.situation, told.as_json()["okta"]["presence"]) == (Situation.UNKNOWN, "unknown")
    assert "HTTP 500" in told.judgement.finding.reason
    assert told.judgement.verdict.startswith("nothing is done about it")
    office.okta.unanswered.add(NOT_HERE)
    assert explained(office, NOT_HERE).judgement.finding.situation is Situation.UNKNOWN


def test_what_okta_says_now_outweighs_the_listing(office: Office, ghost: str) -> None:
    """Nothing is expected here of somebody whom the next listing will not hold."""
    office.okta.unassign(ghost)
    told = explained(office, ghost)
    assert (told.lookup.presence, told.judgement.finding.situation) == ("unassigned", Situation.IN_SYNC)
    office.okta.delete(ghost)
    told = explained(office, ghost)
    assert (told.lookup.presence, told.judgement.finding.situation) == ("gone", Situation.IN_SYNC)
    assert "no account here carries their id" in told.judgement.finding.reason


# ------------------------------------------------------------------ what a run would do


@pytest.mark.parametrize(
    ("mode", "verdict", "remedy"),
    [
        (Mode.REPORT, "only reported: the mode of ghost is report", 'set modes.ghost = "auto" for the application'),
        (Mode.PROPOSE, "a run proposes to create it", APPROVE),
        (Mode.AUTO, "the next run with --apply would create it", None),
    ],
)
def test_what_a_run_would_do_and_what_would_change_that(
    office: Office, ghost: str, mode: Mode, verdict: str, remedy: str | None
) -> None:
    office.policy = replace(office.policy, modes={**DEFAULT_MODES, Situation.GHOST: mode})
    told = explained(office, ghost)
    assert told.judgement.verdict.startswith(verdict)
    assert told.judgement.remedies == ((remedy,) if remedy else ())
    assert told.judgement.checks == (
        ("Okta says now that the person is assigned, and not suspended", True),
        ("no maintenance window lasts", True),
    )
    assert (told.mode, told.grace_hours) == (mode, 0.5)


def test_what_is_within_its_grace_says_so(office: Office, ghost: str) -> None:
    office.okta.assigned[ghost] = replace(office.okta.assigned[ghost], age=timedelta(minutes=5))
    told = explained(office, ghost)
    assert told.judgement.finding.situation is Situation.WITHIN_GRACE
    assert "so for 5 minutes in Okta, and the grace is 30 minutes" in told.judgement.finding.reason
    assert told.as_json()["okta"]["ageSeconds"] == 300


def test_an_account_that_was_deleted_has_no_grace_and_is_proposed(office: Office) -> None:
    delete(office, office.hire(LOGIN))
    told = explained(office, LOGIN)
    assert (told.mode, told.grace_hours) == (Mode.PROPOSE, None)
    assert told.judgement.verdict.startswith("a run proposes to restore it")


def _ghost(office: Office) -> None:
    office.okta.hire(LOGIN)


def _new(office: Office) -> None:
    who = office.okta.hire(LOGIN)
    office.okta.assigned[who] = replace(office.okta.assigned[who], age=timedelta(minutes=1))


def _suspended(office: Office) -> None:
    office.okta.set_status(office.okta.hire(LOGIN), "SUSPENDED")


def _odd(office: Office) -> None:
    who = office.okta.hire(LOGIN)
    office.okta.assigned[who] = replace(office.okta.assigned[who], app_status="MATCHED")


def _deleted(office: Office) -> None:
    delete(office, office.hire(LOGIN))


def _same_name(office: Office) -> None:
    office.push(LOGIN, None)
    office.okta.hire(LOGIN)


def _recycled(office: Office) -> None:
    office.edit(office.push(LOGIN, "00uFormer").id, active=False)
    office.okta.hire(LOGIN)


def _disputed(office: Office) -> None:
    office.okta.hire(LOGIN, external_id=office.hire("eve@example.com"))


def _shared(office: Office) -> None:
    account_id = office.push("anybody@example.com", None).id
    office.okta.hire(LOGIN, external_id=account_id)
    office.okta.hire("eve@example.com", external_id=account_id)


def _by_scim_id(office: Office) -> None:
    office.okta.hire(LOGIN, external_id=office.push("anybody@example.com", None).id)


def _lapsed(office: Office) -> None:
    account_id = office.push("anybody@example.com", None).id
    office.edit(account_id, active=False)
    office.okta.hire(LOGIN, external_id=account_id)


def _protected(office: Office) -> None:
    _same_name(office)
    mark_account(office.database, APP, Cause("operator:ann", reason="look"), LOGIN, MarkKind.PROTECTED)


def _same_address(office: Office) -> None:
    account_id = office.push("a.lovelace@example.com", None).id
    office.edit(account_id, emails=[{"type": "work", "value": "work@example.com"}])
    who = office.okta.hire(LOGIN)
    told = {"userName": LOGIN, 'emails[type eq "work"].value': "Work@example.com"}
    office.okta.assigned[who] = replace(office.okta.assigned[who], attributes=told)


def _somebody_elses_address(office: Office) -> None:
    _same_address(office)
    with office.database.reading(APP) as unit:
        (account,) = unit.find_accounts("a.lovelace@example.com")
    office.edit(account.id, externalId="00uSomebodyElse")


def _claimed_address(office: Office) -> None:
    """The account of that address is another one's, by its name."""
    _same_address(office)
    office.okta.hire("A.Lovelace@example.com")


WORLDS: list[Callable[[Office], None]] = [
    _ghost,
    _new,
    _suspended,
    _odd,
    _deleted,
    _same_name,
    _recycled,
    _disputed,
    _shared,
    _by_scim_id,
    _lapsed,
    _protected,
    _same_address,
    _somebody_elses_address,
    _claimed_address,
]


@pytest.mark.parametrize("world", WORLDS)
def test_the_situation_is_the_one_that_a_run_finds(office: Office, world: Callable[[Office], None]) -> None:
    world(office)
    office.policy = Policy(min_listing_percent=0)
    (who,) = (one.okta_user_id for one in office.okta.assigned.values() if one.user_name == LOGIN)
    report = report_drift(office.desk).report
    assert report is not None
    found = [one for one in report.findings if one.subject.assignment and one.subject.assignment.okta_user_id == who]
    told = explained(office, who)
    assert [(one.situation, one.base, one.reason) for one in found] == [
        (told.judgement.finding.situation, told.judgement.finding.base, told.judgement.finding.reason)
    ]
    accounts = [candidate.account.id for one in found for candidate in one.subject.candidates]
    assert list(told.accounts) == accounts


# ------------------------------------------------------------------ what happened


def test_the_timeline_has_what_happened_to_the_person(office: Office, ghost: str) -> None:
    office.policy = Policy(modes={**DEFAULT_MODES, Situation.GHOST: Mode.PROPOSE}, min_listing_percent=0)
    happen(office, "application.user_membership.add", ghost)
    planned = reconcile(office.desk, apply=True)
    assert planned.report is not None
    with office.database.transaction(APP, CAUSE) as unit:
        unit.decisions.approve(planned.report.plan.digest, "boss", "she starts today", timedelta(hours=1))
    told = explained(office, ghost).timeline
    assert {entry.source: entry.what for entry in told} == {
        Source.OKTA_LOG: "application.user_membership.add",
        Source.PLAN: "plan:create",
        Source.DECISION: "plan:approved",
    }
    office.okta.hire("max@example.com")
    report_drift(office.desk)
    (other,) = explained(office, "max@example.com").timeline
    assert (other.what, other.detail["item"]["userName"]) == ("plan:create", "max@example.com")


def test_the_timeline_of_an_account_that_was_deleted_goes_on(office: Office) -> None:
    account_id = office.hire(LOGIN)
    delete(office, account_id)
    report_drift(office.desk)
    told = explained(office, account_id).as_json()
    assert [entry["what"] for entry in told["timeline"]] == ["plan:restore", "account:deleted", "account:created"]
    assert told["account"] is None
    assert told["person"] == {
        "oktaUserId": office.okta_id(LOGIN),
        "userName": LOGIN,
        "listed": True,
        "deletedAccount": account_id,
        "accounts": [],
    }
