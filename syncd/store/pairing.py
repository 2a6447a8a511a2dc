"""The rows of a snapshot and the accounts side by side, by the one key that nearly all carry: the Okta user id.

This costs little more than a plain join of the two tables. A pair that agrees in every respect is
only counted. Whatever is left over is named, and looked at with all keys, which costs much more for each of them.

A pair that agrees in every respect could only be disputed by another row that points to the same account, by another
key. That row agrees with nothing: its own account, if it has one, has another id and another name than the account it
points to. So it is among what is left over, carrying an id or a name that is not its own account's, and from there
`pair` finds whom it disputes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import (
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.sql.elements import ColumnElement

from syncd.core.subjects import LinkKey, Origin
from syncd.store.constructs import POSTGRESQL, is_one_of, json_list
from syncd.store.correlation import APP_AGREES, PARTNERS, PUSH_FAILED, USER_AGREES, belongs, is_item, is_user, some
from syncd.store.scope import Scope
from syncd.store.tables import NUMBER, resource, snapshot_item

AT_ONCE: Final = 5000
"""How many rows are named to the database at a time."""

GIVEN: Final = bindparam("given", type_=Text())

_Value = TypeVar("_Value", int, str)


@dataclass(slots=True)
class Pairs:
    """How many accounts there are, how many of them are active and came over SCIM, and what is left over.

    `doubtful` are the Okta user ids of rows that are not in one agreeing pair, and `elsewhere` those of them that carry
    another id or another name than the account with their Okta user id has, or have no such account. The row numbers
    of accounts that no row has the Okta user id of are in `managed` (active, origin scim), `foreign` (active, another
    origin) and `closed`.
    """

    accounts: int = 0
    managed_active: int = 0
    doubtful: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    managed: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def add(self, row: Any) -> None:
        """Add what one statement found. A list that it did not look for is None."""
        self.accounts += row.accounts
        self.managed_active += row.managed_active
        self.doubtful.update(row.doubtful or ())
        self.elsewhere.update(row.elsewhere or ())
        self.managed += row.managed or ()
        self.foreign += row.foreign or ()
        self.closed += row.closed or ()


def pair(scope: Scope, parameters: Mapping[str, Any]) -> Pairs:
    """Return the pairs of a snapshot."""
    pairs = Pairs()
    for statement in _PAIRS[scope.dialect]:
        pairs.add(scope.connection.execute(statement, parameters).one())
    for given in in_chunks(sorted(pairs.elsewhere)):
        pairs.doubtful.update(scope.connection.execute(_DISPUTED, {**parameters, "given": given}).scalars())
    return pairs


def in_chunks(values: Iterable[_Value]) -> Iterator[str]:
    """Yield the values as JSON lists of a length that a statement is given at a time."""
    source = iter(values)
    while chunk := list(islice(source, AT_ONCE)):
        yield orjson.dumps(chunk).decode()


def _agree(account: FromClause, item: FromClause) -> ColumnElement[bool]:
    """Return the condition that the two of a pair agree in every respect. Never NULL."""
    agree = and_(
        account.c.active,
        # The usual value is the first one, and SQLite is quicker with equalities than with a list.
        or_(*(item.c.app_status == status for status in APP_AGREES)),
        or_(*(item.c.user_status == status for status in USER_AGREES)),
        item.c.digest == account.c.digest,
        or_(item.c.sync_state.is_(None), and_(*(item.c.sync_state != state for state in PUSH_FAILED))),
        item.c.user_key == account.c.ukey,
        or_(item.c.external_id.is_(None), item.c.external_id == account.c.id),
    )
    return func.coalesce(agree, false())


def _carries_another(account: FromClause, item: FromClause) -> ColumnElement[bool]:
    """Return the condition that the row carries an id or a name that is not the account's. Never NULL."""
    of_row_and_account = ((item.c.external_id, account.c.id), (item.c.user_key, account.c.ukey))
    return or_(*(and_(own.is_not(None), func.coalesce(own != other, true())) for own, other in of_row_and_account))


_by_okta_id: Final = LinkKey.OKTA_USER_ID
_partner: Final = PARTNERS[_by_okta_id]
_joined: Final = snapshot_item.outerjoin(
    _partner, and_(is_user(_partner), belongs(_by_okta_id, _partner, snapshot_item))
)
_differs: Final = not_(_agree(_partner, snapshot_item))
_elsewhere: Final = json_list(snapshot_item.c.okta_user_id, and_(_differs, _carries_another(_partner, snapshot_item)))
_lone: Final = resource.alias("lone")
ALONE: Final = select(_lone.c.pk).where(
    is_user(_lone), not_(some(snapshot_item, is_item(snapshot_item), belongs(_by_okta_id, _lone, snapshot_item)))
)
"""The row numbers of accounts that no row has the Okta user id of: whoever is unlisted is among them."""

_NAMED: Final = ("doubtful", "elsewhere", "managed", "foreign", "closed")


def _found(counted: FromClause | None = None, /, **named: ColumnElement[Any]) -> Select[Any]:
    """Return a statement that counts accounts, or none, and names some: what `Pairs.add` reads."""
    counts: tuple[ColumnElement[Any], ...] = (literal_column("0", NUMBER), literal_column("0", NUMBER))
    if counted is not None:
        managed = and_(counted.c.active, counted.c.origin == Origin.SCIM.value)
        counts = (func.count(counted.c.pk), func.count(counted.c.pk).filter(managed))
    nothing = literal_column("NULL", json_list.type)
    return select(
        counts[0].label("accounts"),
        counts[1].label("managed_active"),
        *(named.get(name, nothing).label(name) for name in _NAMED),
    )


def _alone() -> dict[str, ColumnElement[Any]]:
    came_over_scim = resource.c.origin == Origin.SCIM.value
    kinds = {
        "managed": and_(resource.c.active, came_over_scim),
        "foreign": and_(resource.c.active, not_(came_over_scim)),
        "closed": not_(resource.c.active),
    }
    return {name: json_list(resource.c.pk, kind) for name, kind in kinds.items()}


# PostgreSQL filters and counts in several processes at once, unless a list is made of what was not filtered. SQLite
# fetches each row once, for the join, and finds those alone by an index without fetching any other.
_PAIRS: Final[Mapping[str, tuple[Select[Any], ...]]] = {
    POSTGRESQL: (
        _found(doubtful=json_list(snapshot_item.c.okta_user_id, true()), elsewhere=_elsewhere)
        .select_from(_joined)
        .where(is_item(snapshot_item), _differs),
        _found(**_alone()).select_from(resource).where(resource.c.pk.in_(ALONE)),
        _found(resource).select_from(resource).where(is_user(resource)),
    ),
    "sqlite": (
        _found(_partner, doubtful=json_list(snapshot_item.c.okta_user_id, _differs), elsewhere=_elsewhere)
        .select_from(_joined)
        .where(is_item(snapshot_item)),
        _found(resource, **_alone()).select_from(resource).where(resource.c.pk.in_(ALONE)),
    ),
}

_touched: Final = snapshot_item.alias("touched")


def _touched_by(key: LinkKey) -> Select[Any]:
    account = PARTNERS[key]
    return (
        select(_touched.c.okta_user_id)
        .select_from(snapshot_item)
        .join(account, and_(is_user(account), belongs(key, account, snapshot_item)))
        .join(_touched, and_(is_item(_touched), belongs(_by_okta_id, account, _touched)))
        .where(
            is_item(snapshot_item),
            is_one_of(snapshot_item.c.okta_user_id, GIVEN),
            _touched.c.okta_user_id != snapshot_item.c.okta_user_id,
        )
    )


_DISPUTED: Final = union(*(_touched_by(key) for key in (LinkKey.SCIM_ID, LinkKey.USER_NAME)))
"""The Okta user ids of those to whose accounts some of the given rows point as well."""
