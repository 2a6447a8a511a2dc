"""The rows of a snapshot and the accounts side by side, by the one key that nearly all carry: the Okta user id.

This is one pass over both tables, and costs what a plain join of them costs. A pair that agrees in every respect is
only counted. Whatever is left over is named, and looked at with all keys, which costs much more for each of them.

A pair that agrees in every respect could only be disputed by another row that points to the same account, by another
key. That row agrees with nothing: its own account, if it has one, has another id and another name than the account it
points to. So it is among what is left over, and from there `pair` finds whom it disputes.
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
from syncd.store.correlation import APP_AGREES, PARTNERS, USER_AGREES, belongs, is_item, is_user, some
from syncd.store.scope import Scope
from syncd.store.tables import resource, snapshot_item

AT_ONCE: Final = 5000
"""How many rows are named to the database at a time."""

GIVEN: Final = bindparam("given", type_=Text())

_Value = TypeVar("_Value", int, str)


@dataclass(slots=True)
class Pairs:
    """How many accounts there are, how many of them are active and came over SCIM, and what is left over.

    `doubtful` are the Okta user ids of rows that are not in one agreeing pair. The row numbers of accounts that no row
    has the Okta user id of are in `managed` (active, origin scim), `foreign` (active, another origin) and `closed`.
    """

    accounts: int = 0
    managed_active: int = 0
    doubtful: set[str] = field(default_factory=set)
    managed: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def add(self, row: Any) -> None:
        """Add what one statement found."""
        self.accounts += row.accounts
        self.managed_active += row.managed_active
        self.doubtful.update(row.doubtful)
        self.managed += row.managed
        self.foreign += row.foreign
        self.closed += row.closed


def pair(scope: Scope, parameters: Mapping[str, Any]) -> Pairs:
    """Return the pairs of a snapshot."""
    pairs = Pairs()
    for statement in _PAIRS[scope.dialect]:
        pairs.add(scope.connection.execute(statement, parameters).one())
    for given in in_chunks(sorted(pairs.doubtful)):
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
        item.c.app_status.in_(APP_AGREES),
        item.c.user_status.in_(USER_AGREES),
        item.c.digest == account.c.digest,
        item.c.user_key == account.c.ukey,
        or_(item.c.external_id.is_(None), item.c.external_id == account.c.id),
    )
    return func.coalesce(agree, false())


def _counts(account: FromClause) -> tuple[ColumnElement[int], ...]:
    managed = and_(account.c.active, account.c.origin == Origin.SCIM.value)
    number = func.count(account.c.pk)
    return number.label("accounts"), number.filter(managed).label("managed_active")


def _alone(account: FromClause, is_alone: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    came_over_scim = account.c.origin == Origin.SCIM.value
    kinds: dict[str, tuple[ColumnElement[bool], ...]] = {
        "managed": (account.c.active, came_over_scim),
        "foreign": (account.c.active, not_(came_over_scim)),
        "closed": (not_(account.c.active),),
    }
    return tuple(json_list(account.c.pk, and_(is_alone, *kind)).label(name) for name, kind in kinds.items())


def _doubtful(account: FromClause, item: FromClause) -> ColumnElement[Any]:
    return json_list(item.c.okta_user_id, and_(item.c.okta_user_id.is_not(None), not_(_agree(account, item)))).label(
        "doubtful"
    )


_by_okta_id: Final = LinkKey.OKTA_USER_ID
_none: Final = literal_column("'[]'", json_list.type)


def _in_one_pass() -> tuple[Any]:
    """Return the statement for a database that can join what is on either side only."""
    item = select(snapshot_item).where(is_item(snapshot_item)).subquery("item")
    account = select(resource).where(is_user(resource)).subquery("account")
    joined = item.outerjoin(account, belongs(_by_okta_id, account, item), full=True)
    is_alone = and_(item.c.okta_user_id.is_(None), account.c.pk.is_not(None))
    return (select(*_counts(account), _doubtful(account, item), *_alone(account, is_alone)).select_from(joined),)


def _in_two_passes() -> tuple[Any, Any]:
    """Return a statement for the rows with their accounts, and one for the accounts without a row."""
    account = PARTNERS[_by_okta_id]
    joined = snapshot_item.outerjoin(account, and_(is_user(account), belongs(_by_okta_id, account, snapshot_item)))
    nobody = (_none.label(name) for name in ("managed", "foreign", "closed"))
    listed = some(snapshot_item, is_item(snapshot_item), belongs(_by_okta_id, resource, snapshot_item))
    return (
        select(*_counts(account), _doubtful(account, snapshot_item), *nobody)
        .select_from(joined)
        .where(is_item(snapshot_item)),
        select(*_counts(resource), _none.label("doubtful"), *_alone(resource, true()))
        .select_from(resource)
        .where(is_user(resource), not_(listed)),
    )


_PAIRS: Final[Mapping[str, tuple[Any, ...]]] = {POSTGRESQL: _in_one_pass(), "sqlite": _in_two_passes()}

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
