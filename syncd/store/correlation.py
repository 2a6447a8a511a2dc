"""How rows of a snapshot and accounts are found to belong together, in SQL.

Every partner is found through an index, by one equality for each key. The parameters of all of it are `of_app` and
`of_pk`, the row numbers of the application and of a snapshot of it.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import FromClause, and_, bindparam, false, func, literal_column, not_, or_, select
from sqlalchemy.sql.elements import ColumnElement

from scim.core_schemas import USER_TYPE
from syncd.core.subjects import LinkKey
from syncd.store.tables import TYPE_CODES, resource, snapshot_item

OF_APP: Final = bindparam("of_app", type_=resource.c.app.type)
OF_PK: Final = bindparam("of_pk", type_=snapshot_item.c.snapshot_pk.type)

APP_AGREES: Final = ("ACTIVE", "PROVISIONED")
USER_AGREES: Final = ("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "PROVISIONED")
"""Statuses with which an assignment may be in sync. With any other, or none, it gets a closer look."""

PUSH_FAILED: Final = ("ERROR", "OUT_OF_SYNC")
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


def belongs(key: LinkKey, account: FromClause, item: FromClause) -> ColumnElement[bool]:
    """Return the condition that the key links an account and a row of the snapshot."""
    of_account, of_item = _ONE_KEY[key]
    condition: ColumnElement[bool] = account.c[of_account] == item.c[of_item]
    return condition


def some(table: FromClause, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that the table has a row like that.

    It reads no column that a key's index lacks: SQLite, which has no statistics, would take the primary key instead.
    """
    return select(literal_column("1")).select_from(table).where(*conditions).correlate_except(table).exists()


def _pointing_at(account: FromClause) -> list[ColumnElement[bool]]:
    """Return for each key the condition that a row of the snapshot points to the account by it."""
    return [some(snapshot_item, is_item(snapshot_item), belongs(key, account, snapshot_item)) for key in _ONE_KEY]


IS_LISTED: Final = and_(is_user(resource), or_(*_pointing_at(resource)))
"""Of an account: some row of the snapshot points to it."""

# Not written as NOT (a OR b): PostgreSQL turns only the parts of an AND into joins.
IS_UNLISTED: Final = and_(is_user(resource), *(not_(pointing) for pointing in _pointing_at(resource)))
"""Of an account: no row of the snapshot points to it."""

# ------------------------------------------------------------------ a row of the snapshot with whom it points to

PARTNERS: Final[Mapping[LinkKey, FromClause]] = {key: resource.alias(key.name.lower()) for key in _ONE_KEY}
"""The account that a row points to by each key. Several accounts can carry one Okta user id."""

_by_id, _by_okta_id, _by_name = (PARTNERS[key] for key in _ONE_KEY)


def _matched() -> FromClause:
    joined: FromClause = snapshot_item
    for key, account in PARTNERS.items():
        joined = joined.outerjoin(account, and_(is_user(account), belongs(key, account, snapshot_item)))
    return joined


MATCHED: Final = _matched()
"""The rows of a snapshot, each with its partners: one row, or one for each account that carries its Okta user id."""


def _linked(column: str) -> ColumnElement[Any]:
    """Return a column of the account that a strong key points to. The keys are held to agree about it."""
    return func.coalesce(_by_okta_id.c[column], _by_id.c[column])


_other_item: Final = snapshot_item.alias("other_item")
_rival: Final = resource.alias("rival")


def _another_has(column: str, value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that another row of the snapshot has that value."""
    return some(
        _other_item,
        is_item(_other_item),
        _other_item.c[column] == value,
        _other_item.c.okta_user_id != snapshot_item.c.okta_user_id,
    )


_HAS_RIVAL: Final = some(
    _rival,
    is_user(_rival),
    belongs(LinkKey.OKTA_USER_ID, _rival, snapshot_item),
    _rival.c.pk != _by_okta_id.c.pk,
)

ASSIGNMENT_COLUMNS: Final = (
    snapshot_item.c.okta_user_id,
    snapshot_item.c.user_name,
    snapshot_item.c.external_id,
    snapshot_item.c.app_status,
    snapshot_item.c.user_status,
    snapshot_item.c.scope,
    snapshot_item.c.sync_state,
)
"""What a row of the snapshot says of an assignment beside its attributes, in the order of `Assignment`."""

IS_IN_SYNC: Final = func.coalesce(
    and_(
        _linked("active"),
        snapshot_item.c.app_status.in_(APP_AGREES),
        snapshot_item.c.user_status.in_(USER_AGREES),
        snapshot_item.c.digest == _linked("digest"),
        func.coalesce(snapshot_item.c.sync_state, "").not_in(PUSH_FAILED),
        # Whatever points somewhere points to that one account, and what the two carry of one another is right.
        or_(snapshot_item.c.external_id.is_(None), _by_id.c.pk == _linked("pk")),
        or_(_by_okta_id.c.pk.is_not(None), _by_id.c.external_id.is_(None)),
        or_(_by_name.c.pk.is_(None), _by_name.c.pk == _linked("pk")),
        # Nothing else is pointed to, and nobody else points there or anywhere by the same value.
        not_(_HAS_RIVAL),
        *(not_(_another_has(name, snapshot_item.c[name])) for name in ("external_id", "user_key")),
        or_(snapshot_item.c.external_id.is_not(None), not_(_another_has("external_id", _linked("id")))),
        or_(snapshot_item.c.user_key == _linked("ukey"), not_(_another_has("user_key", _linked("ukey")))),
    ),
    false(),
)
"""Of a row of `MATCHED`: the assignment needs no closer look. Never NULL."""
