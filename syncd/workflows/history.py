"""The history of an account: everything that the audit log says about it, also when it is long deleted."""

from dataclasses import dataclass
from typing import Any, Final

from scim.resource import timestamp
from syncd.ports import Database, Told

PUSH, RECONCILER, OPERATOR = "push", "reconciler", "operator"
_SOURCES: Final = {
    "token": PUSH,
    "reconciler": RECONCILER,
    "worker": RECONCILER,
    "event-log": RECONCILER,
    "operator": OPERATOR,
}


@dataclass(frozen=True, slots=True)
class History:
    """An account by its SCIM id, its last name that is known, whether it is still there, and what is told of it.

    `told` is oldest first.
    """

    account_id: str
    name: str | None
    is_there: bool
    told: tuple[Told, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "account": self.account_id,
            "name": self.name,
            "there": self.is_there,
            "events": [told_as_json(one) for one in self.told],
        }


def history(database: Database, app: str, key: str) -> tuple[History, ...]:
    """Return the history of every account that `key` names, those that were deleted included; see `Evidence.subjects`.

    Empty when nothing ever had that name.
    """
    with database.reading(app) as unit:
        return tuple(
            _history(account_id, tuple(unit.evidence.told(account_id)), unit.evidence.traces(account_id).account)
            for account_id in unit.evidence.subjects(key)
        )


def source_of(actor: str) -> str:
    """Return from where a change came: a push, the reconciler, an operator; whatever else acts keeps its own name."""
    kind = actor.partition(":")[0]
    return _SOURCES.get(kind, kind)


def told_as_json(told: Told) -> dict[str, Any]:
    """Return an event with its place as JSON."""
    event = told.event
    return {
        "entry": told.entry,
        "checkpoint": told.checkpoint,
        "event": told.event_pk,
        "at": timestamp(event.at),
        "action": event.action,
        "source": source_of(event.actor),
        "actor": event.actor,
        "subject": event.subject_id,
        "name": event.subject_name,
        "run": event.run_id,
        "request": event.request_id,
        "detail": dict(event.detail),
        "erased": event.is_erased,
    }


def _history(account_id: str, told: tuple[Told, ...], is_there: bool) -> History:
    names = [one.event.subject_name for one in told if one.event.subject_id == account_id and one.event.subject_name]
    return History(account_id, names[-1] if names else None, is_there, told)
