"""Values of an operator's own attributes that no two resources of an application may share: one row each.

The primary key of the table decides, so that of two writers at once one waits and is refused.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import bindparam, delete

from scim.errors import Uniqueness
from syncd.store.constructs import insert_on_each
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import unique_value

_CLAIM: Final = Prepared(
    insert_on_each(
        unique_value,
        lambda insert: insert.on_conflict_do_nothing().returning(unique_value.c.resource_pk),
    ),
    ("app", "attribute", "value", "resource_pk"),
)
_RELEASE: Final = Prepared(
    delete(unique_value).where(
        unique_value.c.app == bindparam("app"),
        unique_value.c.attribute == bindparam("attribute"),
        unique_value.c.value == bindparam("value"),
        unique_value.c.resource_pk == bindparam("row"),
    )
)

Values = AbstractSet[tuple[str, str]]
"""(path of the attribute, what stands for the value in comparisons)."""


def claim_values(scope: Scope, pk: int, before: Values, after: Values) -> None:
    """Let a resource have the values `after` instead of those `before`, in one order for everybody.

    Raises `Uniqueness` when another resource has one of them: what was written by then is for the caller to undo.
    """
    for path, key in sorted(before - after):
        _RELEASE.later(scope.link, app=scope.app, attribute=path, value=key, row=pk)
    for path, key in sorted(after - before):
        if _CLAIM.first(scope.link, app=scope.app, attribute=path, value=key, resource_pk=pk) is None:
            raise Uniqueness(f"{path}: another resource has the value {key!r}.")
