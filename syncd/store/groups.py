"""Groups and their members as the reconciler sees them; see `syncd.ports.Groups`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Text, bindparam, select

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import NotFound
from scim.resource import StoredResource
from syncd.core.groups import LocalGroup, LocalMember
from syncd.core.subjects import Account, Assignment, Candidate, LinkKey, Origin, Subject
from syncd.store.accounts import account_of
from syncd.store.constructs import is_one_of
from syncd.store.correlation import ASSIGNMENT_COLUMNS, OF_APP, is_item, is_user
from syncd.store.rows import RESOURCE_COLUMNS, read_one, stored
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, AnyRow, member, resource, snapshot, snapshot_item

MEMBERS_AT_ONCE: Final = 2000
PEOPLE_AT_ONCE: Final = 1000

_COLUMNS: Final = (
    resource.c.id,
    resource.c.doc,
    resource.c.external_id,
    resource.c.origin,
    resource.c.version,
    resource.c.member_count,
)
_ALL: Final = (
    select(*_COLUMNS)
    .where(resource.c.app == OF_APP, resource.c.type == TYPE_CODES[GROUP_TYPE.name])
    .order_by(resource.c.id)
)
_PK_OF_GROUP: Final = select(resource.c.pk).where(
    resource.c.app == OF_APP,
    resource.c.type == TYPE_CODES[GROUP_TYPE.name],
    resource.c.id == bindparam("of_group"),
)
_PK_OF_SNAPSHOT: Final = select(snapshot.c.pk).where(
    snapshot.c.app == OF_APP, snapshot.c.id == bindparam("of_snapshot")
)

_MEMBERS: Final = (
    select(
        member.c.member_pk,
        resource.c.id,
        resource.c.doc["userName"].as_string().label("user_name"),
        resource.c.external_id,
        resource.c.active,
        resource.c.origin,
        resource.c.protected,
        resource.c.version,
    )
    .join_from(member, resource, resource.c.pk == member.c.member_pk)
    .where(
        member.c.group_pk == bindparam("of_group_pk"),
        member.c.member_pk > bindparam("after"),
        resource.c.type == TYPE_CODES[USER_TYPE.name],
    )
    .order_by(member.c.member_pk)
    .limit(MEMBERS_AT_ONCE)
)

_given: Final = bindparam("given", type_=Text())
# Asked for a part of the members at a time: asked for one by one, it would be answered by the primary key, row by row.
_LISTED_AS: Final = select(snapshot_item.c.external_id, snapshot_item.c.okta_user_id).where(
    is_item(snapshot_item), is_one_of(snapshot_item.c.external_id, _given)
)
_ITEMS: Final = (
    select(*ASSIGNMENT_COLUMNS)
    .where(is_item(snapshot_item), is_one_of(snapshot_item.c.okta_user_id, _given))
    .order_by(snapshot_item.c.okta_user_id)
)
_ACCOUNTS: Final = {
    LinkKey.SCIM_ID: select(*RESOURCE_COLUMNS).where(is_user(resource), is_one_of(resource.c.id, _given)),
    LinkKey.OKTA_USER_ID: select(*RESOURCE_COLUMNS).where(is_user(resource), is_one_of(resource.c.external_id, _given)),
}


class SqlGroups:
    """The groups of one application, in one unit of work."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def all(self) -> tuple[LocalGroup, ...]:
        """Return every group of the application, by id."""
        return tuple(_group_of(row) for row in self._execute(_ALL))

    def find(self, group_id: str) -> tuple[LocalGroup, StoredResource] | None:
        """Return the group and its resource, held until this unit of work ends; None when gone."""
        try:
            row = read_one(self._scope, GROUP_TYPE.name, group_id)
        except NotFound:
            return None
        return _group_of(row), stored(row)

    def members(self, group_id: str, snapshot_id: str) -> Iterator[LocalMember]:
        """Yield the accounts that are members of the group themselves, in the order of their creation."""
        group_pk = self._execute(_PK_OF_GROUP, of_group=group_id).scalar()
        snapshot_pk = self._snapshot_pk(snapshot_id)
        after, read = 0, MEMBERS_AT_ONCE
        while read == MEMBERS_AT_ONCE:
            rows = self._execute(_MEMBERS, of_group_pk=group_pk, after=after).all()
            ids = _json([row.id for row in rows])
            # Of several rows that carry one account's id any will do: such an account is in doubt anyway.
            listed = {
                row.external_id: row.okta_user_id for row in self._execute(_LISTED_AS, of_pk=snapshot_pk, given=ids)
            }
            yield from (_member_of(row, listed.get(row.id)) for row in rows)
            read, after = len(rows), rows[-1].member_pk if rows else after

    def linked(self, snapshot_id: str, okta_user_ids: Sequence[str]) -> tuple[Subject, ...]:
        """Return the assignments of these people, each with the accounts that its ids point to."""
        pk, ordered = self._snapshot_pk(snapshot_id), sorted(okta_user_ids)
        parts = (ordered[start : start + PEOPLE_AT_ONCE] for start in range(0, len(ordered), PEOPLE_AT_ONCE))
        return tuple(subject for part in parts for subject in self._linked(pk, part))

    def _linked(self, snapshot_pk: int, okta_user_ids: Sequence[str]) -> Iterator[Subject]:
        items = self._execute(_ITEMS, of_pk=snapshot_pk, given=_json(okta_user_ids)).all()
        by_id = self._accounts(LinkKey.SCIM_ID, [row.external_id for row in items if row.external_id])
        by_okta_id = self._accounts(LinkKey.OKTA_USER_ID, [row.okta_user_id for row in items])
        ids = {account.id: (account,) for account in by_id}
        okta_ids: dict[str | None, tuple[Account, ...]] = {}
        for account in by_okta_id:
            okta_ids[account.external_id] = (*okta_ids.get(account.external_id, ()), account)
        for row in items:
            pointed = {
                LinkKey.SCIM_ID: ids.get(row.external_id, ()),
                LinkKey.OKTA_USER_ID: okta_ids.get(row.okta_user_id, ()),
            }
            yield Subject(Assignment(*row), _candidates(pointed))

    def _accounts(self, key: LinkKey, values: Sequence[str]) -> list[Account]:
        return [account_of(row) for row in self._execute(_ACCOUNTS[key], given=_json(values))] if values else []

    def _snapshot_pk(self, snapshot_id: str) -> int:
        pk: int = self._execute(_PK_OF_SNAPSHOT, of_snapshot=snapshot_id).scalar_one()
        return pk

    def _execute(self, statement: Any, **values: Any) -> Any:
        return self._scope.connection.execute(statement, {"of_app": self._scope.app, **values})


def _json(values: Sequence[str]) -> str:
    return orjson.dumps(values).decode()


def _candidates(pointed: Mapping[LinkKey, tuple[Account, ...]]) -> tuple[Candidate, ...]:
    accounts = {account.id: account for found in pointed.values() for account in found}
    return tuple(
        Candidate(accounts[one], frozenset(key for key, found in pointed.items() if accounts[one] in found))
        for one in sorted(accounts)
    )


def _group_of(row: AnyRow) -> LocalGroup:
    name = row.doc.get("displayName", "")
    return LocalGroup(row.id, name, row.external_id, Origin(row.origin), row.version, row.member_count or 0)


def _member_of(row: AnyRow, listed_as: str | None) -> LocalMember:
    account = Account(
        row.id, row.user_name or "", row.external_id, row.active, Origin(row.origin), row.protected, row.version
    )
    return LocalMember(account, listed_as)
