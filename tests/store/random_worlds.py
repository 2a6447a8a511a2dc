"""Small worlds in which Okta and the application know the same few people, and get them wrong in every way."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from syncd.core.subjects import Assignment, Origin
from tests.store.snapshots import assignment, document, okta_id

_OTHERS = st.integers(0, 3)
_USER_STATUSES: list[str | None] = [
    "ACTIVE",
    "ACTIVE",
    "ACTIVE",
    "LOCKED_OUT",
    "STAGED",
    "SUSPENDED",
    "SOMETHING_NEW",
    None,
]
_APP_STATUSES = ["ACTIVE", "ACTIVE", "ACTIVE", "PROVISIONED", "STAGED", "SOMETHING_NEW"]


@dataclass(frozen=True)
class Planned:
    """An account to be made: its document, who makes it, and whether it is made or changed during the walk."""

    document: dict[str, Any]
    origin: Origin = Origin.SCIM
    made_late: bool = False
    changed_late: bool = False


@dataclass(frozen=True)
class World:
    """Accounts by number, and rows of the listing, each with the number of the account whose SCIM id it carries.

    A row keeps its own externalId where it has no number, or where there is no such account.
    """

    accounts: dict[int, Planned] = field(default_factory=dict)
    listed: tuple[tuple[Assignment, int | None], ...] = ()


def _mostly(usual: Any, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(usual), st.just(usual), st.just(usual), other)


@st.composite
def _accounts(draw: st.DrawFn, number: int) -> Planned:
    return Planned(
        document(
            number,
            externalId=draw(_mostly(okta_id(number), st.one_of(st.none(), _OTHERS.map(okta_id)))),
            name={"givenName": draw(_mostly("Pat", st.just("Sam")))},
            active=draw(_mostly(True, st.just(False))),
        ),
        origin=draw(_mostly(Origin.SCIM, st.just(Origin.LOCAL))),
        made_late=draw(_mostly(False, st.just(True))),
        changed_late=draw(_mostly(False, st.just(True))),
    )


@st.composite
def _rows(draw: st.DrawFn, number: int) -> tuple[Assignment, int | None]:
    called = draw(_mostly(number, _OTHERS))
    row = assignment(
        number,
        user_name=draw(_mostly(f"PERSON{called}@example.com", st.sampled_from([None, "", "somebody@example.com"]))),
        app_status=draw(st.sampled_from(_APP_STATUSES)),
        user_status=draw(st.sampled_from(_USER_STATUSES)),
        external_id=draw(_mostly(None, st.just("stale"))),
    )
    return row, draw(_mostly(number, st.one_of(st.none(), _OTHERS)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a world of up to four people on each side."""
    held = draw(st.sets(_OTHERS))
    listed = draw(st.sets(_OTHERS))
    return World(
        {number: draw(_accounts(number)) for number in sorted(held)},
        tuple(draw(_rows(number)) for number in sorted(listed)),
    )
