"""What seals the cursors of a list (RFC 9865 sections 2 and 5)."""

from typing import Protocol


class CursorSeal(Protocol):
    """Seals what a cursor stands for. Whoever made it, no two seals of different keys open each other's."""

    timeout: int
    """Seconds for which a cursor is good."""

    def seal(self, content: bytes, context: bytes) -> str:
        """Return the content encrypted and bound to the context, in unreserved characters (RFC 3986 section 2.3)."""

    def open(self, cursor: str, context: bytes) -> bytes:
        """Return the content of a cursor.

        Raises `InvalidCursor` for one that was not sealed so, with this context, and `ExpiredCursor` for an old one.
        """
