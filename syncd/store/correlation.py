"""How rows of a snapshot and accounts are found to belong together, in SQL.

Every partner is found through an index, by one equality for each key. The parameters of all of it are `of_app` and
`of_pk`, the row numbers of the application and of a snapshot of it.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import FromClause, Subquery, and_, bindparam, false, func, literal_column, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from scim.core_schemas import USER_TYPE
from syncd.core.subjects import LinkKey
from syncd.store.tables import TYPE_CODES, resource, snapshot_item

OF_APP: Final = bindparam("of_app", type_=resource.c.app.type)
OF_PK: Final = bindparam("of_pk", type_=snapshot_item.c.snapshot_pk.type)

_APP_AGREES: Final = ("ACTIVE", "PROVISIONED")
_USER_AGREES: Final = ("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "PROVISIONED")
"""Statuses with which an assignment may be in sync. With any other, or none, it gets a closer look."""

_PUSH_FAILED: Final = ("ERROR", "OUT_OF_SYNC")
"""What Okta says of an assignment that it could not push."""

_ONE_KEY: Final[Mapping[LinkKey, tuple[str, str]]] = {
    LinkKey.SCIM_ID: ("id", "external_id"),
    LinkKey.OKTA_USER_ID: ("external_id", "okta_user_id"),
    LinkKey.USER_NAME: ("ukey", "user_key"),
}
"""The column of an account and the column of a row of the snapshot that are equal when the key links them."""


def is_user(account: FromClause) -> ColumnElement[bool]:
    """Return the condition that a row of `resource`, or of an alias of it, is an account of the application."""
    return and_(account.c.app == OF_APP, account.c.type == TYPE_CODES[USER_TYPE.name])


def is_item(item: FromClause) -> ColumnElement[bool]:
    """Return the condition that a row of `snapshot_item`, or of an alias of it, is of the snapshot.

    The snapshot's number says which application it is.
    """
    condition: ColumnElement[bool] = item.c.snapshot_pk == OF_PK
    return condition


def _some(table: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the table has a row like that.

    It reads no column that a key's index lacks: SQLite, which has no statistics, would take the primary key instead.
    """
    return select(literal_column("1")).select_from(table).where(*conditions).correlate_except(table).exists()


def _belongs(key: LinkKey, account: FromClause, item: FromClause) -> ColumnElement[bool]:
    of_account, of_item = _ONE_KEY[key]
    return account.c[of_account] == item.c[of_item]


def _pointing_at(account: FromClause) -> list[ColumnElement[bool]]:
    """Return for each key the condition that a row of the snapshot points to the account by it."""
    return [_some(snapshot_item, is_item(snapshot_item), _belongs(key, account, snapshot_item)) for key in _ONE_KEY]


IS_LISTED: Final = and_(is_user(resource), or_(*_pointing_at(resource)))
"""Of an account: some row of the snapshot points to it."""

# Not written as NOT (a OR b): PostgreSQL turns only the parts of an AND into joins.
IS_UNLISTED: Final = and_(is_user(resource), *(not_(pointing) for pointing in _pointing_at(resource)))
"""Of an account: no row of the snapshot points to it."""

# ------------------------------------------------------------------ a row of the snapshot with whom it points to

PARTNERS: Final[Mapping[LinkKey, FromClause]] = {key: resource.alias(key.name.lower()) for key in _ONE_KEY}
"""The account that a row points to by each key. Several accounts can carry one Okta user id."""

_by_id, _by_okta_id, _by_name = (PARTNERS[key] for key in _ONE_KEY)


def _twice(column: ColumnElement[str], condition: ColumnElement[bool]) -> Subquery:
    """Return the values that the column has more than once: one walk along its index, and usually nothing."""
    return select(column.label("value")).where(condition).group_by(column).having(func.count() > 1).subquery()


_rivals: Final = _twice(resource.c.external_id, is_user(resource))
_shared: Final = {name: _twice(snapshot_item.c[name], is_item(snapshot_item)) for name in ("external_id", "user_key")}


def _matched() -> FromClause:
    joined: FromClause = snapshot_item
    for key, account in PARTNERS.items():
        joined = joined.outerjoin(account, and_(is_user(account), _belongs(key, account, snapshot_item)))
    joined = joined.outerjoin(_rivals, _rivals.c.value == snapshot_item.c.okta_user_id)
    for name, values in _shared.items():
        joined = joined.outerjoin(values, values.c.value == snapshot_item.c[name])
    return joined


MATCHED: Final = _matched()
"""The rows of a snapshot, each with its partners: one row, or one for each account that carries its Okta user id."""


def _linked(column: str) -> ColumnElement[Any]:
    """Return a column of the account that a strong key points to. The keys are held to agree about it."""
    return func.coalesce(_by_okta_id.c[column], _by_id.c[column])


_other_item: Final = snapshot_item.alias("other_item")


def _claimed(column: str, value: str) -> ColumnElement[bool]:
    """Return the condition that another row of the snapshot points to the linked account."""
    return _some(
        _other_item,
        is_item(_other_item),
        _other_item.c[column] == _linked(value),
        _other_item.c.okta_user_id != snapshot_item.c.okta_user_id,
    )


IS_IN_SYNC: Final = func.coalesce(
    and_(
        _linked("active"),
        snapshot_item.c.app_status.in_(_APP_AGREES),
        snapshot_item.c.user_status.in_(_USER_AGREES),
        snapshot_item.c.digest == _linked("digest"),
        func.coalesce(snapshot_item.c.sync_state, "").not_in(_PUSH_FAILED),
        # Whatever points somewhere points to that one account, and what the two carry of one another is right.
        or_(snapshot_item.c.external_id.is_(None), _by_id.c.pk == _linked("pk")),
        or_(_by_okta_id.c.pk.is_not(None), _by_id.c.external_id.is_(None)),
        or_(_by_name.c.pk.is_(None), _by_name.c.pk == _linked("pk")),
        # Nothing else is pointed to, and nobody else points there. Only what a row does not carry itself is looked up.
        _rivals.c.value.is_(None),
        *(values.c.value.is_(None) for values in _shared.values()),
        or_(snapshot_item.c.external_id.is_not(None), not_(_claimed("external_id", "id"))),
        or_(snapshot_item.c.user_key == _linked("ukey"), not_(_claimed("user_key", "ukey"))),
    ),
    false(),
)
"""Of a row of `MATCHED`: the assignment needs no closer look. Never NULL."""
