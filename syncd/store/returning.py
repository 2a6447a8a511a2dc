"""Accounts that come back: the one that has a name, and the one that had it when it was deleted."""

from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select

from scim.errors import NotFound
from scim.resource import Document
from syncd.core.subjects import Origin
from syncd.store.documents import unique_key
from syncd.store.prepared import Prepared
from syncd.store.rows import read_one
from syncd.store.scope import Scope
from syncd.store.tables import TYPE_CODES, resource, tombstone

_NAMESAKE: Final = Prepared(
    select(resource.c.id).where(
        resource.c.app == bindparam("app"),
        resource.c.type == bindparam("type"),
        resource.c.ukey == bindparam("ukey"),
        resource.c.origin == Origin.SCIM.value,
    )
)
_youngest: Final = select(func.max(tombstone.c.pk)).where(
    tombstone.c.app == bindparam("app"),
    tombstone.c.type == bindparam("type"),
    tombstone.c.ukey == bindparam("ukey"),
    tombstone.c.external_id == bindparam("external_id"),
    tombstone.c.origin == Origin.SCIM.value,
)
_EXHUME: Final = Prepared(
    delete(tombstone)
    .where(tombstone.c.pk == _youngest.scalar_subquery())
    .returning(tombstone.c.id, tombstone.c.version)
)


def find_namesake(scope: Scope, resource_type: str, document: Document) -> Any:
    """Return the row of the resource that has the document's unique name, locked; see `ResourceStore.namesake`."""
    name = unique_key(resource_type, document)
    found = _NAMESAKE.first(scope.link, app=scope.app, type=TYPE_CODES[resource_type], ukey=name)
    if found is None:
        return None
    try:
        row = read_one(scope, resource_type, found.id)
    except NotFound:
        return None
    return row if unique_key(resource_type, row.doc) == name else None


def exhume(scope: Scope, resource_type: str, document: Document) -> tuple[str, int] | None:
    """Take away the tombstone of what had the document's unique name and externalId; return its id and last version.

    Of several the youngest; only what came over SCIM comes back. None where there is none; of two who ask at once, for
    one of them.
    """
    name, external_id = unique_key(resource_type, document), document.get("externalId")
    if external_id is None:
        return None
    kind = TYPE_CODES[resource_type]
    found = _EXHUME.first(scope.link, app=scope.app, type=kind, ukey=name, external_id=external_id)
    return None if found is None else (found.id, found.version)
