"""How far a walk over a listing has come: what a later one needs to go on as if it were the same."""

from dataclasses import dataclass
from typing import Any

import orjson

from syncd.ports import SourceFault, SourceUnhealthyError


@dataclass(frozen=True, slots=True)
class Progress:
    """`pages` were read, and `target` is the path and query of the next one, byte for byte, or None after the last.

    `fullest` is how many rows the fullest page had, `saw_self` whether a page had a link to itself: by these two a page
    that lost its links is told from the last one.
    """

    pages: int
    target: str | None
    fullest: int = 0
    saw_self: bool = False

    def as_cursor(self) -> str:
        """Return the progress as a text."""
        return orjson.dumps(self).decode()


def read_progress(cursor: str, path: str) -> Progress:
    """Return the progress in a listing at that path. Raises `SourceUnhealthyError` for any other text."""
    progress = _understood(cursor)
    if progress is None or not (_is_sound(progress) and _is_within(progress.target, path)):
        raise SourceUnhealthyError(
            SourceFault.LISTING,
            "the cursor that an earlier walk left cannot be read",
            where=f"GET {path}",
            remedy="Nothing was concluded from it. Run again: the walk begins with the first page then",
        )
    return progress


def _understood(cursor: str) -> Progress | None:
    try:
        return Progress(**orjson.loads(cursor))
    except (orjson.JSONDecodeError, TypeError):
        return None


def _is_sound(progress: Progress) -> bool:
    counts: tuple[Any, ...] = (progress.pages, progress.fullest)
    return all(type(count) is int and count >= 0 for count in counts) and isinstance(progress.saw_self, bool)


def _is_within(target: Any, path: str) -> bool:
    """Return whether the target is in the listing: whatever comes from a database is not asked at any other place."""
    return target is None or (isinstance(target, str) and target.partition("?")[0] == path and "#" not in target)
