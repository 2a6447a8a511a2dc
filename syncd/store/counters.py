"""How many resources there are: counters that every creation and deletion keeps, in its own transaction."""

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Integer, Select, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from syncd.store.constructs import POSTGRESQL
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, counter, resource

_SHARDS: Final = 16
_GROWN: Final = ("live", "deleted")


def _counting(inserted: Any, shard: Any) -> Any:
    """Return the statement that adds to a counter, and makes it where there is none."""
    row = {name: bindparam(name, type_=counter.c[name].type) for name in ("app", "type", *_GROWN)}
    statement = inserted.values(**row, shard=shard)
    grown = {name: counter.c[name] + statement.excluded[name] for name in _GROWN}
    return statement.on_conflict_do_update(index_elements=["app", "type", "shard"], set_=grown).inline()


# On PostgreSQL, creators on different connections seldom wait for one another: SQLite has one writer at a time.
_COUNT: Final = Prepared(
    {
        "sqlite": _counting(sqlite.insert(counter), literal_column("0")),
        POSTGRESQL: _counting(
            postgresql.insert(counter), func.mod(func.pg_backend_pid(type_=Integer()), literal_column(str(_SHARDS)))
        ),
    }
)


class Totals(NamedTuple):
    """How many resources there are, and how many have been deleted so far."""

    live: int
    deleted: int


def announce_row(scope: Scope) -> None:
    """See to it that the transaction has an id before it takes a row number: `anchors.Horizon` builds on that."""
    if scope.dialect == POSTGRESQL:
        _TRANSACTION_ID.later(scope.link)


def count(scope: Scope, resource_type: str, *, created: int = 0, deleted: int = 0) -> None:
    """Count resources that this transaction has written and deleted.

    It is the last thing that is done to a resource: others may wait for the counter until we commit.
    """
    live = created - deleted
    _COUNT.later(scope.link, app=scope.app, type=TYPE_CODES[resource_type], live=live, deleted=deleted)


def totals_of(*conditions: Any) -> Select[*tuple[Any, ...]]:
    """Return the statement for `live` and `deleted` of the counters that meet the conditions."""
    sums = (cast(func.coalesce(func.sum(counter.c[name]), 0), BigInteger).label(name) for name in _GROWN)
    statement: Select[*tuple[Any, ...]] = select(*sums)
    return statement.where(counter.c.app == bindparam("app", type_=counter.c.app.type), *conditions)


_TOTALS: Final = Prepared(totals_of(counter.c.type == bindparam("type", type_=counter.c.type.type)))


def totals(scope: Scope, resource_type: str) -> Totals:
    """Return how many resources of a type there are."""
    return Totals(*_TOTALS.first(scope.link, app=scope.app, type=TYPE_CODES[resource_type]))


def _whole(value: Any) -> Any:
    return cast(cast(value, Text), BigInteger)


OLDEST_RUNNING: Final = {
    "sqlite": literal_column("0", BigInteger()).label("oldest_running"),
    POSTGRESQL: _whole(func.pg_snapshot_xmin(func.pg_current_snapshot())).label("oldest_running"),
}
"""The id of the oldest transaction that this statement does not see the end of; 0 where there is one at a time."""

_own_id: Final = _whole(func.pg_current_xact_id()).label("transaction_id")
_TRANSACTION_ID: Final = Prepared(select(_own_id))

MARK: Final = Prepared(
    select(
        _own_id,
        func.coalesce(select(func.max(resource.c.pk)).scalar_subquery(), 0).label("youngest"),
    )
)
"""For PostgreSQL: what `Horizon.mark` takes. The id is given out after the youngest row was seen."""
