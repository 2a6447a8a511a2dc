"""What stands between a plan and its effects. Each check is a row of a table; the most restrictive wins.

Whole-plan checks come before the first effect, so that either all of a plan may be carried out or none of it. The
checks of one item are asked inside the transaction of its effect, with the account as it is at that moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from syncd.core.planning import Item, Plan
from syncd.core.policy import Policy
from syncd.core.situations import Effect, Situation
from syncd.core.subjects import Account, Lookup, Origin, Presence


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard says of a whole plan. `objections` are empty exactly when the plan may be carried out."""

    objections: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether the plan may be carried out."""
        return not self.objections


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


def judge_plan(plan: Plan, managed_active: int, policy: Policy) -> Verdict:
    """Hold a whole plan against the thresholds (invariant I4).

    `managed_active` is the number of active accounts that syncd manages: the side that would lose them.
    """
    objections: list[str] = []
    count = plan.deactivations
    if count > policy.max_deactivations:
        objections.append(f"{count} deactivations are more than max_deactivations = {policy.max_deactivations}")
    if managed_active >= policy.small_population and count * 100 > managed_active * policy.max_percent:
        share = count * 100 / managed_active
        objections.append(
            f"{count} of {managed_active} active accounts are {share:.1f} percent, more than "
            f"max_percent = {policy.max_percent:g}"
        )
    return Verdict(tuple(objections))


def refutes(item: Item, lookup: Lookup) -> str | None:
    """Return why a point lookup does not bear out a deactivation, or None when it does (invariant I3)."""
    if item.situation is Situation.ZOMBIE_SUSPENDED:
        confirmed = lookup.user_status == "SUSPENDED"
    else:
        confirmed = lookup.presence in {Presence.UNASSIGNED, Presence.DEPROVISIONED, Presence.GONE}
    if confirmed:
        return None
    return f"Okta does not bear it out now: {lookup.presence}" + (f" ({lookup.detail})" if lookup.detail else "")


Check = Callable[[Item, Account, Policy], bool]

CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("the account is not protected", lambda _item, account, policy: not policy.protects(account)),
    ("the account is one that syncd manages", lambda _item, account, _policy: account.origin is Origin.SCIM),
    ("the account is as it was before the listing", lambda item, account, _policy: account.version == item.version),
    ("the account is open", lambda _item, account, _policy: account.active),
)
"""Asked inside the effect's transaction (invariants I2, I6, I7); each row says what has to hold."""


def forbids(item: Item, account: Account | None, policy: Policy) -> str | None:
    """Return the first check that does not hold, or None when the effect may happen now."""
    if account is None:
        return "the account is gone"
    return next((f"not so: {said}" for said, holds in CHECKS if not holds(item, account, policy)), None)


def needs_lookup(item: Item) -> bool:
    """Return whether the effect has to be borne out by Okta right before it."""
    return item.effect is Effect.DEACTIVATE
