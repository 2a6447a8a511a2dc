"""How often the clients of an application needed a leniency (`scim.tolerance`)."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select

from syncd.store.constructs import insert_on_each
from syncd.store.link import Link
from syncd.store.moments import moment_of
from syncd.store.prepared import Prepared
from syncd.store.tables import app, leniency_use

_COLUMNS: Final = ("app", "name", "uses", "first_used", "last_used")
_ADD: Final = Prepared(
    insert_on_each(
        leniency_use,
        lambda insert: insert.on_conflict_do_update(
            index_elements=["app", "name"],
            set_={"uses": leniency_use.c.uses + insert.excluded.uses, "last_used": insert.excluded.last_used},
        ),
    ),
    _COLUMNS,
)
_LIST: Final = (
    select(app.c.name, leniency_use.c.name, leniency_use.c.uses, leniency_use.c.first_used, leniency_use.c.last_used)
    .join_from(leniency_use, app, app.c.pk == leniency_use.c.app)
    .order_by(app.c.name, leniency_use.c.name)
)
_LIST_OF_ONE: Final = _LIST.where(app.c.name == bindparam("wanted"))


class LeniencyUse(NamedTuple):
    """How often, and when first and last, an application's client needed a leniency of that name."""

    app: str
    name: str
    uses: int
    first: datetime
    last: datetime


def add(link: Link, app_pk: int, name: str, uses: int, moment: int) -> None:
    """Add to what was counted of one leniency."""
    _ADD.all(link, app=app_pk, name=name, uses=uses, first_used=moment, last_used=moment)


def list_all(link: Link, wanted: str | None) -> tuple[LeniencyUse, ...]:
    """Return what was counted, by application and name; of one application where one is named."""
    rows = link.core.execute(_LIST) if wanted is None else link.core.execute(_LIST_OF_ONE, {"wanted": wanted})
    return tuple(
        LeniencyUse(app_name, name, uses, moment_of(first), moment_of(last))
        for app_name, name, uses, first, last in rows.all()
    )
