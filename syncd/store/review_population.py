"""The population of an access review: the open accounts, each with what a snapshot says of it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import orjson
from sqlalchemy import Text, and_, bindparam, func, select

from scim.core_schemas import USER_TYPE
from syncd.core.reviews import Entry
from syncd.core.subjects import LinkKey, MarkKind, Origin
from syncd.ports import Ground, Headcount
from syncd.store.constructs import is_one_of
from syncd.store.correlation import OF_APP, OF_PK, belongs, is_user
from syncd.store.pairing import in_chunks
from syncd.store.rows import READ_COLUMNS, relations_of, stored
from syncd.store.runs import ENDED
from syncd.store.scope import Scope
from syncd.store.staging import SEALED, manifest_of
from syncd.store.tables import AnyRow, resource, run, snapshot, snapshot_item

_AT_ONCE: Final = 1000

_GROUND: Final = (
    select(snapshot, run.c.id.label("ended_run"))
    .join(run, and_(run.c.app == snapshot.c.app, run.c.snapshot_id == snapshot.c.id, run.c.state == ENDED))
    .where(snapshot.c.app == OF_APP, snapshot.c.state == SEALED)
    .order_by(snapshot.c.pk.desc(), run.c.pk.desc())
    .limit(1)
)
_THAT_GROUND: Final = _GROUND.where(snapshot.c.id == bindparam("of_snapshot"))
_HEADCOUNT: Final = select(
    func.count().label("accounts"), func.count().filter(resource.c.active).label("active")
).where(is_user(resource))
_PK: Final = select(snapshot.c.pk).where(snapshot.c.app == OF_APP, snapshot.c.id == bindparam("of_snapshot"))

_ITEM: Final = ("user_name", "user_status", "app_status", "scope")
_columns: Final = READ_COLUMNS[relations_of([USER_TYPE.name], with_members=False, with_groups=True)]
_ENTRIES: Final = (
    select(*_columns, *(snapshot_item.c[name].label(f"item_{name}") for name in _ITEM))
    .outerjoin(
        snapshot_item,
        and_(snapshot_item.c.snapshot_pk == OF_PK, belongs(LinkKey.OKTA_USER_ID, resource, snapshot_item)),
    )
    .where(is_user(resource), resource.c.active)
)
_PAGE: Final = (
    _ENTRIES.where(resource.c.pk > bindparam("after", type_=resource.c.pk.type)).order_by(resource.c.pk).limit(_AT_ONCE)
)
_THESE: Final = _ENTRIES.where(is_one_of(resource.c.id, bindparam("given", type_=Text())))


def ground(scope: Scope, snapshot_id: str | None) -> Ground | None:
    """Return the youngest sealed snapshot that a run has ended with, or that one if it is such; see `ports.Reviews`."""
    parameters: dict[str, Any] = {"of_app": scope.app}
    statement = _GROUND
    if snapshot_id is not None:
        statement, parameters = _THAT_GROUND, {**parameters, "of_snapshot": snapshot_id}
    row = scope.connection.execute(statement, parameters).first()
    return Ground(manifest_of(row), row.ended_run) if row else None


def headcount(scope: Scope) -> Headcount:
    """Return how many accounts there are, and how many are open."""
    row = scope.connection.execute(_HEADCOUNT, {"of_app": scope.app}).one()
    return Headcount(row.accounts, row.active)


def read(scope: Scope, snapshot_id: str, only: Collection[str] | None) -> Iterator[Entry]:
    """Yield the open accounts; see `ports.Reviews.population`."""
    pk = scope.connection.execute(_PK, {"of_app": scope.app, "of_snapshot": snapshot_id}).scalar_one()
    parameters = {"of_app": scope.app, "of_pk": pk}
    pages = _all_pages(scope, parameters) if only is None else _some_pages(scope, parameters, only)
    return (_entry_of(row) for page in pages for row in page)


def _all_pages(scope: Scope, parameters: Mapping[str, Any]) -> Iterator[list[AnyRow]]:
    after = 0
    while page := scope.connection.execute(_PAGE, {**parameters, "after": after}).all():
        yield list(page)
        after = page[-1].pk


def _some_pages(scope: Scope, parameters: Mapping[str, Any], only: Iterable[str]) -> Iterator[list[AnyRow]]:
    for given in in_chunks(sorted(only)):
        yield list(scope.connection.execute(_THESE, {**parameters, "given": given}))


def _entry_of(row: AnyRow) -> Entry:
    kept = stored(row)
    document = kept.document
    return Entry(
        account_id=kept.id,
        user_name=document.get("userName", ""),
        display_name=document.get("displayName") or _formatted(document),
        emails=_values(document.get("emails")),
        owner=row.external_id,
        okta_user_name=row.item_user_name,
        origin=Origin(row.origin),
        user_type=document.get("userType"),
        marks=(MarkKind.PROTECTED,) if row.protected else (),
        user_status=row.item_user_status,
        assignment_status=row.item_app_status,
        route=row.item_scope,
        groups=tuple(sorted(one.display or one.value for one in kept.groups)),
        roles=_values(document.get("roles")),
        created=kept.created,
        modified=kept.last_modified,
        privileged=None,
    )


def _formatted(document: Mapping[str, Any]) -> str | None:
    name = document.get("name") or {}
    parts = (name.get("givenName"), name.get("familyName"))
    return name.get("formatted") or " ".join(part for part in parts if part) or None


def _values(several: Iterable[Mapping[str, Any]] | None) -> tuple[str, ...]:
    """Return the values of a multi-valued attribute as texts, in their order; one that is no text as JSON."""
    found = (one.get("value") or one.get("display") for one in several or ())
    return tuple(one if isinstance(one, str) else orjson.dumps(one).decode() for one in found if one)
