"""Open again what a storm of pushes closed: a person decides, after having read who it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scim.errors import ScimError
from syncd.core.changes import Cause, Change
from syncd.core.notices import NoticeKind
from syncd.core.subjects import Account
from syncd.notifying import InboundDeactivation
from syncd.ports import Database, UnitOfWork

MOST: Final = 10_000
"""How many accounts one undo looks at; call it again for more."""


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that a push closed. `objection` says why it cannot be opened again, or is None."""

    at: datetime
    account_id: str
    user_name: str
    objection: str | None


def last_storm(database: Database, app: str) -> datetime | None:
    """Return when the youngest storm was noticed, over or not, or None."""
    with database.reading(app) as unit:
        storms = [one.first for one in unit.notices.latest() if one.notice.kind is NoticeKind.PUSH_STORM]
    return max(storms, default=None)


def list_storm(database: Database, app: str, since: datetime) -> tuple[Closed, ...]:
    """Return the accounts that pushes closed since that moment, each once, in the order in which they were closed."""
    with database.reading(app) as unit:
        return tuple(_closed(one, unit) for one in _youngest(unit.notices.inbound(since, MOST)))


def undo_storm(database: Database, app: str, cause: Cause, since: datetime) -> tuple[Closed, ...]:
    """Open the accounts again that pushes closed since that moment, unless they changed afterwards; return all of them.

    Each is opened in a transaction of its own with its audit event. One that cannot be opened keeps its objection. A
    second call opens nothing more. What Okta holds is not touched: a person without an assignment is closed again by
    the next run.
    """
    with database.reading(app) as unit:
        pushed = _youngest(unit.notices.inbound(since, MOST))
    return tuple(_open_again(database, app, cause, one) for one in pushed)


def _open_again(database: Database, app: str, cause: Cause, pushed: InboundDeactivation) -> Closed:
    try:
        with database.transaction(app, cause) as unit:
            closed = _closed(pushed, unit)
            found = unit.account(pushed.subject_id)
            if closed.objection is None and found is not None:
                unit.record(Change("User", found[1], {**found[1].document, "active": True}))
            return closed
    except ScimError as error:
        return Closed(pushed.at, pushed.subject_id, "", error.detail)


def _youngest(pushed: Iterable[InboundDeactivation]) -> tuple[InboundDeactivation, ...]:
    """Return the last push of each account: only its version can still be the account's."""
    return tuple({one.subject_id: one for one in pushed}.values())


def _closed(pushed: InboundDeactivation, unit: UnitOfWork) -> Closed:
    found = unit.account(pushed.subject_id)
    account = found[0] if found else None
    name = account.user_name if account else ""
    return Closed(pushed.at, pushed.subject_id, name, _objection(pushed, account))


def _objection(pushed: InboundDeactivation, account: Account | None) -> str | None:
    if account is None:
        return "it was deleted: let Okta push it again" if pushed.deleted else "it is gone"
    if account.active:
        return "it is open already"
    if account.version != pushed.version:
        return "it was changed since it was closed"
    return None
