"""Users as the reconciler sees them: accounts."""

from itertools import islice
from typing import Final

from sqlalchemy import bindparam, select, union

from scim.core_schemas import USER_TYPE
from scim.errors import NotFound
from scim.resource import Document, StoredResource, fold
from syncd.core.attributes import WORK_EMAIL, compared_attributes
from syncd.core.subjects import Account, Origin
from syncd.store.documents import EMAILS
from syncd.store.rows import RESOURCE_COLUMNS, read_one, stored
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, AnyRow, attr_value, resource

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
    return account_of(row), stored(row)


def find_accounts(scope: Scope, key: str) -> tuple[Account, ...]:
    """Return the accounts that `key` names; see `UnitOfWork.find_accounts`."""
    folded = fold(key)
    rows = scope.connection.execute(_BY_KEY, {"app": scope.app, "key": key, "folded": folded})
    return tuple(islice((account_of(row) for row in rows if _is_named(row, key, folded)), _MOST_FOUND))


def _is_named(row: AnyRow, key: str, folded: str) -> bool:
    """Return whether the key names the account itself, or is its work address: other addresses do not count."""
    address = compared_attributes(row.doc).get(WORK_EMAIL)
    return key in {row.id, row.external_id} or row.ukey == folded or (address is not None and fold(address) == folded)
