"""A table that is read by key and walked in the order of its keys, from anywhere, without sorting."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Generic, TypeVar

Row = TypeVar("Row")


class OrderedTable(Generic[Row]):
    """Rows by key. Adding behind the last key is O(1), elsewhere a move of pointers; a walk costs what it yields."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._keys: list[str] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows in the order of their keys."""
        return (self._rows[key] for key in self._keys)

    def get(self, key: str) -> Row | None:
        """Return the row, or None."""
        return self._rows.get(key)

    def put(self, key: str, row: Row) -> None:
        """Add the row, or replace the one with that key."""
        if key not in self._rows:
            if not self._keys or key > self._keys[-1]:
                self._keys.append(key)
            else:
                insort(self._keys, key)
        self._rows[key] = row

    def remove(self, key: str) -> Row | None:
        """Take the row out and return it; None when there is none."""
        row = self._rows.pop(key, None)
        if row is not None:
            del self._keys[bisect_right(self._keys, key) - 1]
        return row

    def after(self, key: str) -> Iterator[tuple[str, Row]]:
        """Yield key and row of everything behind `key`, which need not be there (any longer); "" is before all."""
        for position in range(bisect_right(self._keys, key), len(self._keys)):
            found = self._keys[position]
            yield found, self._rows[found]
