"""Members that wait: a group names them, and nobody knows them yet.

They are rows beside the members, by the name under which the group knows them. A name is compared with the id and the
externalId of what is created, exactly, and never with what is there already.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Text, bindparam, delete, select, true

from scim.resource import Member, MembershipChange
from syncd.store.constructs import insert_on_each, is_one_of, json_elements, text_part
from syncd.store.prepared import Prepared, json_text
from syncd.store.rows import IDS_OF
from syncd.store.scope import Scope
from syncd.store.tables import parked_member

_list: Final = bindparam("given", type_=Text())
_given: Final = json_elements(_list)
_PARK: Final = Prepared(
    insert_on_each(
        parked_member,
        lambda insert: (
            insert.from_select(
                ["app", "group_pk", "value", "display", "parked"],
                select(
                    bindparam("app", type_=parked_member.c.app.type),
                    bindparam("group", type_=parked_member.c.group_pk.type),
                    text_part(_given, 0),
                    text_part(_given, 1),
                    bindparam("moment", type_=parked_member.c.parked.type),
                )
                .select_from(_given)
                .where(true()),
            )
            .on_conflict_do_nothing()
            .returning(parked_member.c.value)
        ),
    )
)
_of_group: Final = delete(parked_member).where(parked_member.c.group_pk == bindparam("group"))
_UNPARK: Final = Prepared(_of_group.where(is_one_of(parked_member.c.value, _list)).returning(parked_member.c.value))
_KEEP_ONLY: Final = Prepared(
    _of_group.where(parked_member.c.value.not_in(select(text_part(_given, 0)))).returning(parked_member.c.value)
)
_ARRIVED: Final = Prepared(
    delete(parked_member)
    .where(
        parked_member.c.app == bindparam("app"),
        parked_member.c.value.in_([bindparam("id", type_=Text()), bindparam("external_id", type_=Text())]),
    )
    .returning(parked_member.c.group_pk, parked_member.c.display)
)


def park(scope: Scope, group_pk: int, unknown: Sequence[Member]) -> tuple[str, ...]:
    """Let members wait, and return those that did not wait before."""
    if not unknown:
        return ()
    given = json_text([[one.value, one.display] for one in {one.value: one for one in unknown}.values()])
    rows = _PARK.all(scope.link, app=scope.app, group=group_pk, given=given, moment=scope.moment)
    return tuple(row.value for row in rows)


def unpark(scope: Scope, group_pk: int, change: MembershipChange) -> tuple[str, ...]:
    """Let those wait no longer whom a change removes or does not name; return them."""
    if change.replace:
        rows = _KEEP_ONLY.all(scope.link, group=group_pk, given=json_text([[one.value] for one in change.add]))
    elif change.remove:
        rows = _UNPARK.all(scope.link, group=group_pk, given=json_text(list(change.remove)))
    else:
        return ()
    return tuple(row.value for row in rows)


def take_arrived(scope: Scope, resource_id: str, external_id: str | None) -> list[tuple[str, str | None]]:
    """Return the groups in which somebody waited under these names, each with what it shows; nobody waits afterwards.

    In the order of their row numbers.
    """
    rows = _ARRIVED.all(scope.link, app=scope.app, id=resource_id, external_id=external_id)
    shown: dict[int, Any] = {row.group_pk: row.display for row in rows}
    groups = IDS_OF.all(scope.link, app=scope.app, given=json_text(sorted(shown))) if shown else []
    return [(row.id, shown[pk]) for pk, row in zip(sorted(shown), groups, strict=True)]
