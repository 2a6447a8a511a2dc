"""Keys that all processes of an installation share; see the table `shared_key`."""

from typing import Final

from sqlalchemy import bindparam, select

from syncd.store.constructs import insert_on_each
from syncd.store.engine import Transactions
from syncd.store.prepared import Prepared
from syncd.store.tables import shared_key

_FIND: Final = Prepared(select(shared_key.c.value).where(shared_key.c.name == bindparam("name")))
_ADD: Final = Prepared(
    insert_on_each(shared_key, lambda statement: statement.on_conflict_do_nothing(index_elements=["name"])),
    ("name", "value", "created"),
)


def find_key(transactions: Transactions, name: str) -> bytes | None:
    """Return the key of that name, or None where there is none."""
    row = transactions.first_row(_FIND, name=name)
    return None if row is None else row.value


def keep_key(transactions: Transactions, name: str, value: bytes, moment: int) -> None:
    """Keep a key under a name that has none. Where somebody else was faster, theirs stays."""
    with transactions.writing() as link:
        _ADD.all(link, name=name, value=value, created=moment)
