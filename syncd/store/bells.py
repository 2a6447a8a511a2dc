"""Bells that wake processes through the database; see `syncd.ports.Bell`."""

from typing import Final

from sqlalchemy import bindparam, select

from syncd.store.constructs import insert_on_each
from syncd.store.engine import Transactions
from syncd.store.log_tables import bell
from syncd.store.prepared import Prepared

_RING: Final = insert_on_each(
    bell,
    lambda insert: insert.on_conflict_do_update(index_elements=["name"], set_={"rings": bell.c.rings + 1}),
)
_RINGS: Final = Prepared(select(bell.c.rings).where(bell.c.name == bindparam("name")))


class SqlBell:
    """One bell. May be used by any number of threads and processes."""

    def __init__(self, transactions: Transactions, name: str) -> None:
        self._transactions = transactions
        self._name = name

    def ring(self) -> None:
        """Ring it. Raises `Unavailable` when the database cannot be written."""
        with self._transactions.writing() as link:
            link.core.execute(_RING[self._transactions.dialect], {"name": self._name, "rings": 1})

    def rings(self) -> int:
        """Return how often it was rung so far. Raises `Unavailable` when the database cannot be read."""
        row = self._transactions.first_row(_RINGS, name=self._name)
        return int(row.rings) if row else 0
