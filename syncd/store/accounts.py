"""Users as the reconciler sees them: accounts."""

from collections.abc import Collection
from dataclasses import replace
from itertools import islice
from typing import Final

import orjson
from sqlalchemy import Text, bindparam, or_, select, union

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import NotFound
from scim.resource import Document, StoredResource, fold
from syncd.core.attributes import WORK_EMAIL, compared_attributes
from syncd.core.subjects import Account, Origin
from syncd.store.constructs import is_one_of
from syncd.store.decisions import marks_on
from syncd.store.documents import EMAILS
from syncd.store.rows import RESOURCE_COLUMNS, read_one, stored
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, AnyRow, attr_value, member, resource

_MOST_FOUND: Final = 10

_users: Final = select(resource.c.pk).where(
    resource.c.app == bindparam("app"), resource.c.type == TYPE_CODES[USER_TYPE.name]
)
# One look into an index for each key: of an OR, databases make a scan.
_named: Final = union(
    _users.where(resource.c.id == bindparam("key")),
    _users.where(resource.c.external_id == bindparam("key")),
    _users.where(resource.c.ukey == bindparam("folded")),
    select(attr_value.c.resource_pk).where(
        attr_value.c.app == bindparam("app"),
        attr_value.c.attribute == EMAILS,
        attr_value.c.value == bindparam("folded"),
    ),
)
_group: Final = resource.alias("admin_group")
_given: Final = bindparam("given", type_=Text())
# Locked, so that nobody else closes one of them before the effect that counted on it is there.
_ADMINS: Final = (
    select(resource.c.id)
    .join(member, member.c.member_pk == resource.c.pk)
    .join(_group, _group.c.pk == member.c.group_pk)
    .where(
        _group.c.app == bindparam("app"),
        _group.c.type == TYPE_CODES[GROUP_TYPE.name],
        or_(is_one_of(_group.c.id, _given), is_one_of(_group.c.ukey, _given)),
        resource.c.type == TYPE_CODES[USER_TYPE.name],
        resource.c.active,
    )
)
_ADMINS_LOCKED: Final = _ADMINS.with_for_update(read=True, of=resource)
_BY_KEY: Final = select(*RESOURCE_COLUMNS, resource.c.ukey).where(resource.c.pk.in_(_named)).order_by(resource.c.id)


def account_of(row: AnyRow, walk_version: int | None = None) -> Account:
    """Return the account of a user's row with `RESOURCE_COLUMNS`."""
    document: Document = row.doc
    return Account(
        row.id,
        document.get("userName", ""),
        row.external_id,
        row.active,
        Origin(row.origin),
        row.protected,
        row.version,
        walk_version,
        compared_attributes(document),
    )


def read_account(scope: Scope, account_id: str) -> tuple[Account, StoredResource] | None:
    """Return the account and its resource, or None when there is none; see `UnitOfWork.account`."""
    try:
        row = read_one(scope, USER_TYPE.name, account_id)
    except NotFound:
        return None
    return replace(account_of(row), marks=marks_on(scope, row.pk)), stored(row)


def read_admins(scope: Scope, groups: Collection[str]) -> frozenset[str]:
    """Return the ids of the active accounts that are members of these groups themselves; see `UnitOfWork.admins`."""
    if not groups:
        return frozenset()
    parameters = {"app": scope.app, "given": orjson.dumps(sorted(groups)).decode()}
    statement = _ADMINS_LOCKED if scope.cause else _ADMINS
    return frozenset(scope.connection.execute(statement, parameters).scalars())


def find_accounts(scope: Scope, key: str) -> tuple[Account, ...]:
    """Return the accounts that `key` names; see `UnitOfWork.find_accounts`."""
    folded = fold(key)
    rows = scope.connection.execute(_BY_KEY, {"app": scope.app, "key": key, "folded": folded})
    return tuple(islice((account_of(row) for row in rows if _is_named(row, key, folded)), _MOST_FOUND))


def _is_named(row: AnyRow, key: str, folded: str) -> bool:
    """Return whether the key names the account itself, or is its work address: other addresses do not count."""
    address = compared_attributes(row.doc).get(WORK_EMAIL)
    return key in {row.id, row.external_id} or row.ukey == folded or (address is not None and fold(address) == folded)
