"""Whether a listing that came to its end is believed."""

from collections.abc import Iterable

from scim.resource import fold
from syncd.core.policy import Policy
from syncd.core.subjects import Assignment


def judge_listing(rows: int, sealed_rows: int | None, policy: Policy, accepted_rows: int | None = None) -> str | None:
    """Return why a complete listing of `rows` rows is not believed, or None (invariant I1).

    `sealed_rows` is the size of the last sealed snapshot, None before the first. `accepted_rows` is the size that an
    operator said is right, for this one run.
    """
    if rows == 0:
        return "the listing is empty; an application that nobody is assigned to cannot be told from one we may not see"
    if sealed_rows is None or rows == accepted_rows:
        return None
    if rows * 100 < sealed_rows * policy.min_listing_percent:
        return (
            f"the listing has {rows} rows and the last sealed one had {sealed_rows}: less than "
            f"{policy.min_listing_percent:g} percent. If {rows} is right, say so with --accept-rows {rows}"
        )
    return None


def missing_sentinels(rows: Iterable[Assignment], wanted: frozenset[str]) -> frozenset[str]:
    """Return which sentinels none of these rows is: people who have to be in every listing (invariant I1)."""
    seen = {name for row in rows for name in (row.okta_user_id, fold(row.user_name or ""))}
    return wanted - seen
