"""How often somebody was missing from a listing, and what ends the count."""

from syncd.workflows.reconcile import reconcile
from tests.workflows.conftest import LOGINS, Office


def test_what_was_missed_before_a_push_says_nothing_about_what_is_missed_after_it(
    office: Office, crowd: list[str]
) -> None:
    okta_user_id = office.okta_id(LOGINS[0])
    row = office.okta.assigned[okta_user_id]
    office.okta.unassign(okta_user_id)
    for _ in range(2):
        reconcile(office.desk, apply=True)
    assert not office.is_open(crowd[0])
    office.okta.assigned[okta_user_id] = row
    office.edit(crowd[0], active=True)
    office.okta.unassign(okta_user_id)
    reconcile(office.desk, apply=True)
    assert office.is_open(crowd[0]), "missed once since the push"
    reconcile(office.desk, apply=True)
    assert not office.is_open(crowd[0])
