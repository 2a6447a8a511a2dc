"""What comes between a plan that was approved and its effect: the effect looks again, in its own transaction."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from scim.resource import Member, MembershipChange
from syncd.core.changes import Change
from syncd.core.policy import Rule
from syncd.core.situations import Confirm, Effect, Situation
from syncd.core.subjects import MarkKind
from syncd.workflows.decide import mark_account
from syncd.workflows.reconcile import reconcile, report_drift
from tests.workflows.approving import ANN, approve
from tests.workflows.conftest import APP, CAUSE, LOGINS, Office
from tests.workflows.pushed_groups import form, planned, regroup
from tests.workflows.reviewing import begun, decide

NEWCOMER = "new@example.com"


@pytest.fixture
def newcomer(office: Office, crowd: list[str]) -> str:
    """The Okta user id of somebody whose account is to be linked to them."""
    assert len(crowd) == len(LOGINS)
    return office.okta.hire(NEWCOMER)


@pytest.fixture
def unlinked(office: Office, newcomer: str) -> str:
    """The SCIM id of that account."""
    return office.push(NEWCOMER, None).id


def approve_the_only(office: Office, effect: Effect) -> None:
    shown = report_drift(office.desk)
    assert [one for one, _ in planned(shown)] == [effect]
    approve(office, shown)


def at_the_first_question(office: Office, happens: Callable[[], object]) -> None:
    """Let something happen when Okta is asked about a person, once."""

    def meanwhile(_: str) -> None:
        office.okta.before_lookup = lambda _: None
        happens()

    office.okta.before_lookup = meanwhile


def test_an_account_that_a_review_rejects_meanwhile_is_not_restored(office: Office, crowd: list[str]) -> None:
    begun(office)
    with office.database.transaction(APP, CAUSE) as unit:
        unit.record(Change("User", unit.resources.read("User", crowd[0]), None))
    approve_the_only(office, Effect.RESTORE)
    at_the_first_question(office, lambda: decide(office, crowd[0]))
    assert reconcile(office.desk, apply=True).applied == 0
    with office.database.reading(APP) as unit:
        assert not unit.find_accounts(LOGINS[0])


def test_an_account_is_not_linked_to_somebody_who_has_another_by_now(
    office: Office, newcomer: str, unlinked: str
) -> None:
    approve_the_only(office, Effect.LINK)
    at_the_first_question(office, lambda: office.push("new2@example.com", newcomer))
    assert reconcile(office.desk, apply=True).applied == 0


def test_an_account_that_is_marked_meanwhile_is_not_linked(office: Office, unlinked: str) -> None:
    approve_the_only(office, Effect.LINK)
    mark = MarkKind.CORRELATE_LATER
    at_the_first_question(office, lambda: mark_account(office.database, APP, ANN, unlinked, mark))
    assert reconcile(office.desk, apply=True).applied == 0


def test_an_account_that_becomes_an_administrator_meanwhile_is_not_linked(
    office: Office, crowd: list[str], unlinked: str
) -> None:
    admins = form(office, "Admins", [crowd[0]])
    office.policy = replace(office.policy, admin_groups=frozenset({"admins"}))
    approve_the_only(office, Effect.LINK)
    joined = MembershipChange(add=(Member(unlinked),))
    at_the_first_question(office, lambda: regroup(office, admins, joined))
    assert reconcile(office.desk, apply=True).applied == 0


def test_an_update_for_which_okta_is_asked_first_happens_to_whom_it_assigns(office: Office, crowd: list[str]) -> None:
    office.policy = replace(office.policy, rules={Situation.ATTRIBUTE_MISMATCH: Rule(confirm=Confirm.POINT)})
    office.edit(crowd[0], name={"givenName": "Old"})
    row = office.okta.assigned[office.okta_id(LOGINS[0])]
    office.okta.assigned[row.okta_user_id] = replace(row, attributes={"name.givenName": "New"})
    assert reconcile(office.desk, apply=True).applied == 1
    with office.database.reading(APP) as unit:
        assert unit.resources.read("User", crowd[0]).document["name"] == {"givenName": "New"}
