"""What would undo a run: a plan that restores what has not changed since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.core.attributes import COMPARED
from syncd.core.planning import Deferred, Item, Plan, order_of_item, plan_digest
from syncd.core.policy import Policy
from syncd.core.situations import Effect


@dataclass(frozen=True, slots=True)
class Done:
    """An effect that a run had: the item, the version that the account got by it, and the account's version now.

    `version_now` is None when the account is gone. `before` is what an update replaced, by attribute path.
    """

    item: Item
    result_version: int
    version_now: int | None
    before: Mapping[str, str]


_OPPOSITES = {Effect.DEACTIVATE: Effect.REACTIVATE, Effect.REACTIVATE: Effect.DEACTIVATE, Effect.UPDATE: Effect.UPDATE}


def undo_plan(app: str, done: Iterable[Done], policy: Policy) -> Plan:
    """Return the plan that undoes these effects; what cannot or must not be undone is deferred, with the reason."""
    items: list[Item] = []
    deferred: list[Deferred] = []
    for one in done:
        obstacle = _obstacle(one)
        if obstacle:
            deferred.append(Deferred(one.item.account_id, one.item.user_name, one.item.situation, obstacle))
        else:
            items.append(_undone(one))
    items.sort(key=order_of_item)
    return Plan(tuple(items), tuple(deferred), plan_digest(app, items, policy))


def _obstacle(one: Done) -> str | None:
    if one.item.effect not in _OPPOSITES:
        return f"{one.item.effect} is not undone by a plan"
    if one.version_now is None:
        return "the account is gone"
    if one.version_now != one.result_version:
        return f"it changed since: version {one.version_now}, and the run left version {one.result_version}"
    if one.item.effect is Effect.UPDATE and not _restorable(one):
        return "what it held before cannot be restored: there was nothing"
    return None


def _restorable(one: Done) -> dict[str, str]:
    return {path: value for path, value in one.before.items() if path in COMPARED and path in one.item.changes}


def _undone(one: Done) -> Item:
    return Item(
        effect=_OPPOSITES[one.item.effect],
        situation=one.item.situation,
        account_id=one.item.account_id,
        user_name=one.item.user_name,
        okta_user_id=one.item.okta_user_id,
        version=one.result_version,
        reason=f"undoes: {one.item.reason}",
        changes=_restorable(one) if one.item.effect is Effect.UPDATE else {},
    )
