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
    Boolean,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from syncd.core.subjects import LinkKey, Origin
from syncd.ports import SnapshotRefusedError
from syncd.store.constructs import POSTGRESQL, is_one_of, json_list
from syncd.store.correlation import APP_AGREES, PARTNERS, PUSH_FAILED, USER_AGREES, belongs, is_item, is_user, some
from syncd.store.scope import Scope
from syncd.store.tables import NUMBER, AnyRow, resource, snapshot_item

AT_ONCE: Final = 5000
"""How many rows are named to the database at a time."""

GIVEN: Final = bindparam("given", type_=Text())

_Value = TypeVar("_Value", int, str)


@dataclass(slots=True)
class Pairs:
    """How many pairs agree, how many accounts there are, how many of them are active and came over SCIM, and the rest.

    `doubtful` are the Okta user ids of rows that are not in one agreeing pair, and `elsewhere` those of them that carry
    another id or another name than the account with their Okta user id has, or have no such account. The row numbers
    of accounts that no row has the Okta user id of are in `managed` (active, origin scim), `foreign` (active, another
    origin) and `closed`.
    """

    agreeing: int = 0
    accounts: int = 0
    managed_active: int = 0
    doubtful: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    managed: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    def add(self, row: Any) -> None:
        """Add what one statement found. A list that it did not look for is None.

        `row.pairs` is how many agree together with how many values `row.doubtful` has, one of them perhaps twice.
        """
        self.agreeing += row.pairs - len(row.doubtful or ())
        self.accounts += row.accounts
        self.managed_active += row.managed_active
        self.doubtful.update(row.doubtful or ())
        self.elsewhere.update(row.elsewhere or ())
        self.managed += row.managed or ()
        self.foreign += row.foreign or ()
        self.closed += row.closed or ()


def pair(scope: Scope, snapshot: AnyRow, parameters: Mapping[str, Any]) -> Pairs:
    """Return the pairs of a snapshot, whose row it is. Raises `SnapshotRefusedError` when some of its rows are lost."""
    pairs = Pairs()
    for statement in _PAIRS[scope.dialect]:
        pairs.add(scope.connection.execute(statement, parameters).one())
    # Each row is in one agreeing pair at most, because names are unique, or is doubtful. Where several accounts carry
    # its Okta user id it can be both, and has another name than one of them: it is elsewhere, too.
    rows, disputed = pairs.agreeing + len(pairs.doubtful), set[str]()
    for given in in_chunks(sorted(pairs.elsewhere)):
        asked = {**parameters, "given": given}
        rows -= scope.connection.execute(_COUNT_AGREEING, asked).scalar_one()
        disputed.update(scope.connection.execute(_DISPUTED, asked).scalars())
    if rows != snapshot.rows:
        raise SnapshotRefusedError(f"snapshot {snapshot.id} has lost rows since it was sealed")
    pairs.doubtful |= disputed
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
_is_partner: Final = and_(is_user(_partner), belongs(_by_okta_id, _partner, snapshot_item))
_differs: Final = not_(_agree(_partner, snapshot_item))
_NAMED: Final = (is_item(snapshot_item), is_one_of(snapshot_item.c.okta_user_id, GIVEN))
_COUNT_AGREEING: Final = (
    select(func.count())
    .select_from(snapshot_item)
    .join(_partner, _is_partner)
    .where(*_NAMED, _agree(_partner, snapshot_item))
)
_lone: Final = resource.alias("lone")
ALONE: Final = select(_lone.c.pk).where(
    is_user(_lone), not_(some(snapshot_item, is_item(snapshot_item), belongs(_by_okta_id, _lone, snapshot_item)))
)
"""The row numbers of accounts that no row has the Okta user id of: whoever is unlisted is among them."""

_row: Final = snapshot_item.alias("row")
ELSEWHERE: Final = (
    select(_row.c.okta_user_id)
    .select_from(_row.outerjoin(_partner, and_(is_user(_partner), belongs(_by_okta_id, _partner, _row))))
    .where(is_item(_row), _carries_another(_partner, _row))
)
"""The Okta user ids of rows that carry another id or name than the account with their Okta user id has, or have none.

Whatever row points to the account of somebody else is among them. They are found at the cost of a plain join.
"""

_came_over_scim: Final = resource.c.origin == Origin.SCIM.value
_is_managed: Final = and_(resource.c.active, _came_over_scim)


def _told(pairs: Any = None, accounts: Any = None, managed_active: Any = None, **named: Any) -> tuple[Any, ...]:
    """Return the columns that `Pairs.add` reads: 0 for a number that is not given, NULL for a list that is not."""
    counts = {"pairs": pairs, "accounts": accounts, "managed_active": managed_active}
    nothing = literal_column("NULL", json_list.type)
    return (
        *(literal_column("0", NUMBER).label(name) if of is None else of.label(name) for name, of in counts.items()),
        *(named.get(name, nothing).label(name) for name in ("doubtful", "elsewhere", "managed", "foreign", "closed")),
    )


# ------------------------------------------------------------------ PostgreSQL

# What is found of a pair, of an account alone, or of a row alone: a letter, and the name of what is left over.
_AGREES, _DOUBTFUL, _ELSEWHERE, _MANAGED, _FOREIGN, _CLOSED = "ademfc"


def _tagged(tag: str, name: ColumnElement[Any]) -> ColumnElement[str]:
    return literal(tag, Text()).concat(cast(name, Text()))


def _is_tagged(found: ColumnElement[str], *tags: str) -> ColumnElement[bool]:
    return func.substr(found, 1, 1).in_(tags)


def _of_accounts() -> Select[str, bool]:
    """Return the query for what is found of each account, and whether it is active and came over SCIM."""
    item = snapshot_item
    alone = case(
        (not_(resource.c.active), _tagged(_CLOSED, resource.c.pk)),
        (_came_over_scim, _tagged(_MANAGED, resource.c.pk)),
        else_=_tagged(_FOREIGN, resource.c.pk),
    )
    found = case(
        (item.c.okta_user_id.is_(None), alone),
        (_agree(resource, item), literal(_AGREES, Text())),
        (_carries_another(resource, item), _tagged(_ELSEWHERE, item.c.okta_user_id)),
        else_=_tagged(_DOUBTFUL, item.c.okta_user_id),
    )
    return (
        select(found.label("found"), _is_managed.label("managed"))
        .select_from(resource.outerjoin(item, and_(is_item(item), belongs(_by_okta_id, resource, item))))
        .where(is_user(resource))
    )


def _of_rows_alone() -> Select[str, bool]:
    """Return the query for what is found of each row without an account. It reads nothing that an index lacks."""
    return select(_tagged(_ELSEWHERE, snapshot_item.c.okta_user_id), cast(null(), Boolean)).where(
        is_item(snapshot_item),
        not_(some(_partner, _is_partner)),
    )


def _on_postgresql() -> Select[Any]:
    """Return the statement that counts and names everything.

    Several processes of PostgreSQL can join, filter and count, but only one can make a list, of what the others hand
    over. So all that agrees is grouped before: each process hands over a few groups, and what is left over. PostgreSQL
    does so when it expects few groups, which it does where it knows nothing: of the column of a union.
    """
    each = union_all(_of_accounts(), _of_rows_alone()).subquery()
    grouped = select(each.c.found, each.c.managed, func.count().label("times")).group_by(each.c.found, each.c.managed)
    group = grouped.subquery()
    found, name = group.c.found, func.substr(group.c.found, 2)

    def times(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(group.c.times).filter(condition), 0), NUMBER)

    return select(
        *_told(
            pairs=times(found == _AGREES) + func.count().filter(_is_tagged(found, _DOUBTFUL, _ELSEWHERE)),
            accounts=times(group.c.managed.is_not(None)),
            managed_active=times(group.c.managed),
            doubtful=json_list(name, _is_tagged(found, _DOUBTFUL, _ELSEWHERE)),
            elsewhere=json_list(name, _is_tagged(found, _ELSEWHERE)),
            managed=json_list(cast(name, NUMBER), _is_tagged(found, _MANAGED)),
            foreign=json_list(cast(name, NUMBER), _is_tagged(found, _FOREIGN)),
            closed=json_list(cast(name, NUMBER), _is_tagged(found, _CLOSED)),
        )
    )


# ------------------------------------------------------------------ SQLite


def _joined_on_sqlite() -> Select[Any]:
    """Return the statement that counts the accounts that rows have the Okta user id of, and names rows."""
    okta_user_id = snapshot_item.c.okta_user_id
    return (
        select(
            *_told(
                pairs=func.count(),
                **_counted(_partner),
                doubtful=json_list(okta_user_id, _differs),
                elsewhere=json_list(okta_user_id, and_(_differs, _carries_another(_partner, snapshot_item))),
            )
        )
        .select_from(snapshot_item.outerjoin(_partner, _is_partner))
        .where(is_item(snapshot_item))
    )


def _alone_on_sqlite() -> Select[Any]:
    """Return the statement that counts and names the other accounts. They are found by an index."""
    return (
        select(
            *_told(
                **_counted(resource),
                managed=json_list(resource.c.pk, _is_managed),
                foreign=json_list(resource.c.pk, and_(resource.c.active, not_(_came_over_scim))),
                closed=json_list(resource.c.pk, not_(resource.c.active)),
            )
        )
        .select_from(resource)
        .where(resource.c.pk.in_(ALONE))
    )


def _counted(account: FromClause) -> dict[str, ColumnElement[int]]:
    managed = and_(account.c.active, account.c.origin == Origin.SCIM.value)
    return {"accounts": func.count(account.c.pk), "managed_active": func.count(account.c.pk).filter(managed)}


# SQLite fetches each account once, for the join.
_PAIRS: Final[Mapping[str, tuple[Select[Any], ...]]] = {
    POSTGRESQL: (_on_postgresql(),),
    "sqlite": (_joined_on_sqlite(), _alone_on_sqlite()),
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
            *_NAMED,
            _touched.c.okta_user_id != snapshot_item.c.okta_user_id,
        )
    )


_DISPUTED: Final = union(*(_touched_by(key) for key in (LinkKey.SCIM_ID, LinkKey.USER_NAME)))
"""The Okta user ids of those to whose accounts some of the given rows point as well."""
