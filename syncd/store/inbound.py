"""The accounts that pushes close: noted with the change itself, and counted when somebody looks for a storm."""

from typing import Final

from sqlalchemy import bindparam, delete, func, insert, null, select

from syncd.core.changes import Action, Change, is_active
from syncd.notifying import InboundDeactivation, PushHold
from syncd.store.constructs import insert_on_each
from syncd.store.moments import moment_of, optional_moment
from syncd.store.notice_tables import inbound_deactivation as pushed
from syncd.store.notice_tables import push_hold
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope

PUSHED_BY: Final = "token:"
"""How the actor of a change begins that came over SCIM."""

_NOTE: Final = Prepared(insert(pushed).inline(), ("app", "at", "subject_id", "version", "deleted"))
_SINCE: Final = (pushed.c.app == bindparam("of_app"), pushed.c.at >= bindparam("since"))
_COUNT: Final = select(func.count()).select_from(pushed).where(*_SINCE)
_READ: Final = select(pushed).where(*_SINCE).order_by(pushed.c.at, pushed.c.pk).limit(bindparam("limit"))
_HOLD: Final = insert_on_each(
    push_hold,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["app"], set_={"since": statement.excluded.since}, where=push_hold.c.since.is_(None)
    ).returning(push_hold.c.app),
)
_RELEASE: Final = insert_on_each(
    push_hold,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["app"], set_={"since": null(), "released_until": statement.excluded.released_until}
    ),
)
_HELD: Final = select(push_hold.c.since, push_hold.c.released_until).where(push_hold.c.app == bindparam("of_app"))
_FORGET: Final = delete(pushed).where(pushed.c.app == bindparam("of_app"), pushed.c.at < bindparam("before"))


def is_push(scope: Scope) -> bool:
    """Return whether a unit of work answers a request over SCIM."""
    return scope.cause is not None and scope.cause.actor.startswith(PUSHED_BY)


def note(scope: Scope, action: Action, change: Change, subject_id: str, version: int) -> None:
    """Keep of an action that takes access away that a push did it. `version` is that of the account afterwards."""
    deleted = action is Action.ACCOUNT_DELETED
    if deleted and not (change.before and is_active(change.before.document)):
        return
    if is_push(scope):
        scope.taken.append(subject_id)
        _NOTE.later(scope.link, app=scope.app, at=scope.moment, subject_id=subject_id, version=version, deleted=deleted)


def count(scope: Scope, since: int) -> int:
    """Return how many pushes have taken an account away since that moment."""
    return int(scope.connection.execute(_COUNT, {"of_app": scope.app, "since": since}).scalar_one())


def read(scope: Scope, since: int, limit: int) -> tuple[InboundDeactivation, ...]:
    """Return the pushes that have taken an account away since that moment, oldest first."""
    rows = scope.connection.execute(_READ, {"of_app": scope.app, "since": since, "limit": limit})
    return tuple(InboundDeactivation(moment_of(row.at), row.subject_id, row.version, row.deleted) for row in rows)


def forget(scope: Scope, before: int) -> None:
    """Forget what was pushed before that moment."""
    scope.connection.execute(_FORGET, {"of_app": scope.app, "before": before})


def held(scope: Scope) -> PushHold:
    """Return whether pushes that take accounts away are refused."""
    row = scope.connection.execute(_HELD, {"of_app": scope.app}).first()
    return PushHold(optional_moment(row.since), optional_moment(row.released_until)) if row else PushHold()


def hold(scope: Scope) -> bool:
    """Refuse them from now on. Returns False when they were refused already."""
    scope.refuse_reading()
    row = {"app": scope.app, "since": scope.moment}
    return scope.connection.execute(_HOLD[scope.dialect], row).first() is not None


def release(scope: Scope, until: int) -> None:
    """Refuse them no longer, however many they are until that moment."""
    scope.refuse_reading()
    scope.connection.execute(_RELEASE[scope.dialect], {"app": scope.app, "released_until": until})
