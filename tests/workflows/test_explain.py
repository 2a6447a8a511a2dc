"""An explanation says what is known, which checks hold, and what the next run would do."""

import pytest

from syncd.core.policy import Policy
from syncd.core.situations import Situation
from syncd.workflows.explain import Explanation, explain
from tests.workflows.conftest import APP, Office


def explained(office: Office, key: str) -> Explanation:
    (one,) = explain(office.database, office.okta, APP, office.policy, key)
    return one


@pytest.mark.parametrize("by", ["user name", "user name in capitals", "SCIM id", "Okta user id"])
def test_an_account_is_found_by_every_key(office: Office, by: str) -> None:
    account_id = office.hire("ada@example.com")
    keys = {
        "user name": "ada@example.com",
        "user name in capitals": "ADA@EXAMPLE.COM",
        "SCIM id": account_id,
        "Okta user id": office.okta_id("ada@example.com"),
    }
    assert explained(office, keys[by]).account.id == account_id


def test_nobody_is_found_by_a_key_that_nobody_has(office: Office) -> None:
    assert explain(office.database, office.okta, APP, office.policy, "nobody") == ()


def test_somebody_in_sync_is_told_to_be_in_sync(office: Office) -> None:
    told = explained(office, office.hire("ada@example.com"))
    assert told.finding.situation is Situation.IN_SYNC
    assert told.verdict.startswith("nothing is done about it")


def test_an_orphan_is_told_with_what_would_happen(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.unassign(office.okta_id("ada@example.com"))
    told = explained(office, account_id)
    assert told.finding.situation is Situation.ORPHAN_UNASSIGNED
    assert "deactivate" in told.verdict
    assert all(holds for _, holds in told.checks)
    assert [event.action for event in told.trail] == ["account:created"]


def test_protection_is_named_as_what_holds_the_effect_back(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.delete(office.okta_id("ada@example.com"))
    office.policy = Policy(protected=frozenset({account_id}))
    told = explained(office, account_id)
    assert told.finding.situation is Situation.PROTECTED_DRIFT
    assert ("the account is not protected", False) in told.checks


def test_an_explanation_without_an_answer_from_okta_says_so(office: Office) -> None:
    account_id = office.hire("ada@example.com")
    office.okta.unanswered.add(office.okta_id("ada@example.com"))
    told = explained(office, account_id)
    assert told.finding.situation is Situation.UNKNOWN
    assert told.as_json()["okta"]["presence"] == "unknown"
