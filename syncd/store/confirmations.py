"""Pushes that change nothing: they move no version, so a run that is decided already has to learn of them here."""

from typing import Final

from sqlalchemy import bindparam, delete, exists, func, literal_column, or_, select, update

from syncd.store.confirmation_tables import confirmation, is_open_walk, is_running
from syncd.store.constructs import insert_on_each
from syncd.store.inbound import is_push
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, lease, resource, run, snapshot, walk_version

_APP: Final = bindparam("app", type_=confirmation.c.app.type)
_youngest: Final = select(func.max(snapshot.c.pk)).where(snapshot.c.app == _APP).scalar_subquery()
# A run that died is still running until another one begins: it may be finished. A run that was declared ended by a
# process that had lost its lease may be being finished by who holds the lease now. A walk that died may be taken up.
_GOES_ON: Final = or_(
    exists().where(lease.c.app == _APP, lease.c.holder.is_not(None)),
    exists().where(run.c.app == _APP, is_running),
    exists().where(snapshot.c.pk == _youngest, is_open_walk),
)
_NO_VERSION: Final = literal_column("-1", walk_version.c.version.type)
_NOTE: Final = Prepared(
    insert_on_each(
        confirmation,
        lambda insert: insert.from_select(
            ["app", "resource_pk"],
            select(_APP, bindparam("row", type_=confirmation.c.resource_pk.type)).where(_GOES_ON),
        ).on_conflict_do_nothing(),
    )
)
_FIND: Final = Prepared(
    select(confirmation.c.resource_pk)
    .join_from(
        resource,
        confirmation,
        (confirmation.c.app == resource.c.app) & (confirmation.c.resource_pk == resource.c.pk),
    )
    .where(resource.c.app == bindparam("app"), resource.c.type == bindparam("type"), resource.c.id == bindparam("id"))
)
_HAND_OVER: Final = Prepared(
    update(walk_version)
    .where(
        walk_version.c.snapshot_pk.in_(select(snapshot.c.pk).where(snapshot.c.app == _APP, is_open_walk)),
        walk_version.c.resource_pk.in_(select(confirmation.c.resource_pk).where(confirmation.c.app == _APP)),
    )
    .values(version=_NO_VERSION)
)
_FORGET: Final = Prepared(delete(confirmation).where(confirmation.c.app == bindparam("app")))


def note(scope: Scope, pk: int) -> None:
    """Keep of a resource, by its row number, that a push has left it as it is, where a run goes on or has died.

    The row is locked: an effect that has yet to be made is made after this unit of work has ended, or not at all.
    """
    if is_push(scope):
        _NOTE.later(scope.link, app=scope.app, row=pk)


def is_there(scope: Scope, resource_type: str, resource_id: str) -> bool:
    """Return whether a push has left the resource as it is since the last run began; see `UnitOfWork.is_confirmed`."""
    found = _FIND.first(scope.link, app=scope.app, type=TYPE_CODES[resource_type], id=resource_id)
    return found is not None


def conclude(scope: Scope) -> None:
    """Forget all of them: a run begins, and looks at everything after this.

    But for what a walk has looked at that died and may be taken up: there, these resources have no version any more
    that an account could still have.
    """
    _HAND_OVER.all(scope.link, app=scope.app)
    _FORGET.all(scope.link, app=scope.app)
