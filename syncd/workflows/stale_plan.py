"""What moved since a plan was shown."""

from syncd.core.planning import Item, Plan
from syncd.ports import UnitOfWork

MOST_TOLD = 20


def what_moved(unit: UnitOfWork, expected_digest: str, plan: Plan) -> tuple[str, ...]:
    """Return in words how the plan differs from the one of that digest, and who changed what since; at most 20 lines.

    One line says so when no run has made a plan of that digest.
    """
    kept = unit.runs.kept(expected_digest)
    if kept is None:
        return (f"no run of this application has made a plan {expected_digest}",)
    before = {_of(one.item): one.item for one in kept.items}
    now = {_of(item): item for item in plan.items}
    lines = [f"no longer planned: {_told(before[key])}{_since(unit, before[key])}" for key in before if key not in now]
    lines += [f"new: {_told(now[key])}: {now[key].reason}" for key in now if key not in before]
    lines += [
        f"changed: {_told(now[key])}{_since(unit, before[key])}"
        for key in now
        if key in before and now[key].identity() != before[key].identity()
    ]
    if not lines:
        lines = ["the effects are the same; the policy is another one"]
    return (*lines[:MOST_TOLD], *([f"and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else ()))


def _of(item: Item) -> tuple[str, str, str | None]:
    return item.effect, item.account_id or item.okta_user_id or "", item.group_id


def _told(item: Item) -> str:
    return f"{item.effect} {item.user_name or item.account_id}"


def _since(unit: UnitOfWork, item: Item) -> str:
    """Return who changed the account, or the group, after the plan was made, in words; empty when nobody did."""
    subject_id = item.group_id or item.account_id
    if not subject_id:
        return ""
    events = [
        event
        for event in unit.audit_trail(subject_id=subject_id, limit=5)
        if event.detail.get("version", 0) > item.version
    ]
    told = ", ".join(f"{event.action} by {event.actor} at {event.at:%Y-%m-%d %H:%M:%S}" for event in reversed(events))
    return f" ({told})" if told else ""
