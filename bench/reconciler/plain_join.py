"""What the comparison is held beside: the join that one would write by hand.

Both tables are the store's own, with its indexes. The join uses one key where the comparison uses three, looks at no
status, at nobody's claims and at no closed account, reads no attribute, and only counts: it is the least that any
comparison of these tables can cost. On PostgreSQL it is written in two forms, and the quicker one counts; of a full
join, SQLite would hold every row against every account.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from bench.timing import Took, timed
from syncd.store.engine import make_engine

_FULL_JOIN: Final = """
    SELECT count(*) FROM
        (SELECT okta_user_id, digest FROM snapshot_item WHERE snapshot_pk = :snapshot) AS item
        FULL JOIN
        (SELECT external_id, digest FROM resource WHERE app = :app AND type = 1) AS account
        ON account.external_id = item.okta_user_id
    WHERE item.okta_user_id IS NULL OR account.external_id IS NULL OR item.digest <> account.digest
"""
_TWO_LEFT_JOINS: Final = """
    SELECT (
        SELECT count(*) FROM snapshot_item AS item
            LEFT JOIN resource AS account
            ON account.app = :app AND account.type = 1 AND account.external_id = item.okta_user_id
        WHERE item.snapshot_pk = :snapshot AND (account.pk IS NULL OR item.digest <> account.digest)
    ) + (
        SELECT count(*) FROM resource AS account
            LEFT JOIN snapshot_item AS item
            ON item.snapshot_pk = :snapshot AND item.okta_user_id = account.external_id
        WHERE account.app = :app AND account.type = 1 AND item.okta_user_id IS NULL
    )
"""
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "sqlite": {"two left joins": _TWO_LEFT_JOINS},
    "postgresql": {"full join": _FULL_JOIN, "two left joins": _TWO_LEFT_JOINS},
}


def plain_joins(url: str, snapshot_id: str) -> Mapping[str, Callable[[], tuple[int, Took]]]:
    """Return the forms of the join, as functions that return what it counts and what it took."""
    connection = make_engine(url).connect()
    find = text("SELECT pk AS snapshot, app FROM snapshot WHERE id = :id")
    about = connection.execute(find, {"id": snapshot_id}).mappings().one()
    forms = FORMS[connection.dialect.name]
    return {name: _counting(connection, form, dict(about)) for name, form in forms.items()}


def _counting(connection: Connection, form: str, about: dict[str, Any]) -> Callable[[], tuple[int, Took]]:
    def count() -> tuple[int, Took]:
        with timed() as took:
            counted = int(connection.execute(text(form), about).scalar_one())
        return counted, took

    return count
