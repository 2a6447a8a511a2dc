"""Access reviews for tests of the core."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from syncd.core.reviews import Decided, Decision, Entry, Review, ReviewItem, Scope, population_digest, row_digest
from syncd.core.subjects import MarkKind, Origin

AT = datetime(2026, 10, 1, 8, 30, tzinfo=UTC)


def entry(**changes: Any) -> Entry:
    """Return an ordinary account of Ada's."""
    values: dict[str, Any] = {
        "account_id": "account-1",
        "user_name": "ada@example.com",
        "display_name": "Ada Lovelace",
        "emails": ("ada@work.example", "countess@home.example"),
        "owner": "00u1",
        "okta_user_name": "ada.lovelace@example.com",
        "origin": Origin.SCIM,
        "user_type": "Employee",
        "marks": (),
        "user_status": "ACTIVE",
        "assignment_status": "ACTIVE",
        "route": "GROUP",
        "groups": ("Engines", "Poets"),
        "roles": (),
        "created": AT,
        "modified": AT,
        "privileged": False,
    }
    return Entry(**{**values, **changes})


def review(*entries: Entry, **changes: Any) -> Review:
    """Return an open review of these accounts."""
    values: dict[str, Any] = {
        "review_id": "r-1",
        "scope": Scope.ALL,
        "period": (date(2026, 7, 1), date(2026, 9, 30)),
        "reviewer": "grace@example.com",
        "due": None,
        "snapshot_id": "snapshot-1",
        "digest": population_digest(entries),
        "size": len(entries),
        "generated": {},
        "checkpoint": None,
        "opened": AT,
        "opened_by": "operator:ann",
    }
    return Review(**{**values, **changes})


def items(of: Review, entries: Sequence[Entry], decided: Decided | None = None) -> tuple[ReviewItem, ...]:
    """Return the accounts as items of the review."""
    return tuple(ReviewItem(one, row_digest(of.review_id, one), decided) for one in entries)


def decided(decision: Decision = Decision.APPROVE, **changes: Any) -> Decided:
    values: dict[str, Any] = {"decision": decision, "reviewer": "grace@example.com", "reason": "as it was", "at": AT}
    return Decided(**{**values, **changes})


# No NUL and no half of a character: neither database keeps one.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
CELLS = st.one_of(
    TEXTS, st.sampled_from(["=1+1", "-2", "@x", "'x", "007", "1e5", "2026-01-01", " =x", "a;b", 'a"b,c', ""])
)


@st.composite
def populations(draw: st.DrawFn) -> list[Entry]:
    """Draw a population in which texts are what spreadsheets stumble over."""
    count = draw(st.integers(1, 5))
    return [
        entry(
            account_id=f"account-{number}",
            user_name=draw(CELLS) + "x",
            display_name=draw(st.none() | CELLS),
            emails=tuple(draw(st.lists(CELLS, max_size=2))),
            owner=draw(st.none() | st.just(f"00u{number}")),
            groups=tuple(draw(st.lists(CELLS, max_size=3))),
            marks=tuple(sorted(draw(st.frozensets(st.sampled_from(MarkKind), max_size=2)))),
            privileged=draw(st.sampled_from([True, False, None])),
            origin=draw(st.sampled_from(Origin)),
        )
        for number in range(count)
    ]
