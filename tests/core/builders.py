"""Values for tests of the core: each builder gives something ordinary, and takes what the test is about."""

from typing import Any

from hypothesis import strategies as st

from syncd.core.classification import APP_USER_SAYS, USER_SAYS
from syncd.core.subjects import (
    Absence,
    Account,
    Assignment,
    Candidate,
    LinkKey,
    Lookup,
    Origin,
    Presence,
    Subject,
)

ATTRIBUTES = {"userName": "ada@example.com", "name.givenName": "Ada"}
STRONG = frozenset({LinkKey.SCIM_ID, LinkKey.OKTA_USER_ID})


def account(**changes: Any) -> Account:
    """Return an open account that came over SCIM and was there before the first page."""
    values: dict[str, Any] = {
        "id": "account-1",
        "user_name": "ada@example.com",
        "external_id": "00u1",
        "active": True,
        "origin": Origin.SCIM,
        "protected": False,
        "version": 1,
        "walk_version": 1,
        "attributes": ATTRIBUTES,
    }
    return Account(**{**values, **changes})


def assignment(**changes: Any) -> Assignment:
    """Return an active assignment of an active user."""
    values: dict[str, Any] = {
        "okta_user_id": "00u1",
        "user_name": "ada@example.com",
        "external_id": "account-1",
        "app_status": "ACTIVE",
        "user_status": "ACTIVE",
        "attributes": ATTRIBUTES,
    }
    return Assignment(**{**values, **changes})


def linked(held: Account, given: Assignment, keys: frozenset[LinkKey] = STRONG) -> Subject:
    """Return an assignment with the account that the keys point to."""
    return Subject(given, (Candidate(held, keys),))


def missing(held: Account, lookup: Lookup | None = None, absence: Absence | None = None) -> Subject:
    """Return an account that no listed assignment belongs to."""
    return Subject(None, (Candidate(held, frozenset()),), lookup, absence)


USER_STATUSES = st.sampled_from([*USER_SAYS, "SOMETHING_NEW"])
APP_STATUSES = st.sampled_from([*APP_USER_SAYS, "IMPORTED", "MATCHED", "SOMETHING_NEW"])


@st.composite
def subjects(draw: st.DrawFn) -> tuple[Subject, ...]:
    """Draw a small world: people on both sides, linked in every way, with every answer of a point lookup."""
    count = draw(st.integers(0, 8))
    return tuple(draw(_subject(f"account-{number}", f"00u{number}")) for number in range(count))


@st.composite
def _subject(draw: st.DrawFn, account_id: str, okta_user_id: str) -> Subject:
    held = account(
        id=account_id,
        user_name=f"{account_id}@example.com",
        external_id=draw(st.sampled_from([okta_user_id, okta_user_id, None, "00u-other"])),
        active=draw(st.booleans()),
        origin=draw(st.sampled_from([Origin.SCIM, Origin.SCIM, Origin.LOCAL])),
        protected=draw(st.sampled_from([False, False, True])),
        version=draw(st.integers(1, 3)),
        walk_version=draw(st.sampled_from([1, 2, 3, None])),
    )
    given = assignment(
        okta_user_id=okta_user_id,
        app_status=draw(APP_STATUSES),
        user_status=draw(st.one_of(st.none(), USER_STATUSES)),
        attributes=draw(st.sampled_from([ATTRIBUTES, {**ATTRIBUTES, "name.givenName": "Grace"}, {}])),
    )
    kind = draw(st.sampled_from(["linked", "named", "source", "target"]))
    if kind == "source":
        return Subject(given, ())
    if kind == "target":
        lookup = draw(st.one_of(st.none(), st.builds(Lookup, st.sampled_from(Presence), st.just(""))))
        return missing(held, lookup)
    return linked(held, given, STRONG if kind == "linked" else frozenset({LinkKey.USER_NAME}))
