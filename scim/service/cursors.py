"""Cursors: a place in one list of one tenant, sealed, so that nobody reads or makes one (RFC 9865 sections 2 and 5)."""

from typing import Any, Final

import orjson

from scim.cursors import CursorSeal
from scim.errors import InvalidCount, InvalidCursor
from scim.store import START, Position

_NOT_OURS: Final = "The cursor is not one of this list: send it as it came, with the same parameters, or start anew."


class Cursors:
    """The cursors of one query: `context` is whatever makes it another one, the tenant included."""

    def __init__(self, seal: CursorSeal, context: tuple[Any, ...], count: int) -> None:
        self._seal = seal
        self._context = orjson.dumps(context)
        self._count = count

    def write(self, position: Position | None) -> str | None:
        """Return the cursor that stands for a position, or None for none."""
        if position is None:
            return None
        content = orjson.dumps([self._count, position.key, position.row, position.backwards])
        return self._seal.seal(content, self._context)

    def read(self, cursor: str) -> Position:
        """Return the position that a cursor stands for; the empty one stands for the start.

        Raises `InvalidCursor`, `ExpiredCursor`, and `InvalidCount` when the walk began with pages of another size.
        """
        if not cursor:
            return START
        if not cursor.isascii():
            raise InvalidCursor(_NOT_OURS)
        count, *place = orjson.loads(self._seal.open(cursor, self._context))
        if count != self._count:
            raise InvalidCount(f"count: this walk began with pages of {count}, and goes on with them.")
        return Position(*place)
