"""What a change is called in the audit trail, and what makes an account open."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scim.resource import Member, MembershipChange, StoredResource
from syncd.core.changes import Action, Change, action_of, is_active

AT = datetime(2026, 1, 1, tzinfo=UTC)
OPEN, CLOSED = {"userName": "ada", "active": True}, {"userName": "ada", "active": False}


def stored(document: dict[str, Any], kind: str = "User") -> StoredResource:
    return StoredResource(kind, "id-1", 1, AT, AT, document)


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (None, OPEN, Action.ACCOUNT_CREATED),
        (OPEN, {**OPEN, "title": "Countess"}, Action.ACCOUNT_UPDATED),
        (OPEN, {**CLOSED, "title": "Countess"}, Action.ACCOUNT_DEACTIVATED),
        (CLOSED, OPEN, Action.ACCOUNT_REACTIVATED),
        (OPEN, None, Action.ACCOUNT_DELETED),
    ],
)
def test_a_switch_of_active_outweighs_what_else_changed(
    before: dict[str, Any] | None, after: dict[str, Any] | None, action: Action
) -> None:
    assert action_of(Change("User", stored(before) if before else None, after)) is action


def test_a_group_s_change_is_named_by_its_members_first() -> None:
    renamed, joined = {"displayName": "b"}, MembershipChange(add=(Member("id-2"),))
    group = stored({"displayName": "a"}, "Group")
    assert action_of(Change("Group", None, renamed)) is Action.GROUP_CREATED
    assert action_of(Change("Group", group, renamed)) is Action.GROUP_UPDATED
    assert action_of(Change("Group", group, renamed, joined)) is Action.GROUP_MEMBERS_CHANGED
    assert action_of(Change("Group", group, None)) is Action.GROUP_DELETED


@pytest.mark.parametrize(("document", "opened"), [(OPEN, True), (CLOSED, False), ({"userName": "ada"}, False)])
def test_an_account_is_open_only_when_it_says_so(document: dict[str, Any], opened: bool) -> None:
    assert is_active(document) is opened
