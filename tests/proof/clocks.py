"""Clocks that are wrong: a quarter of an hour ahead, behind, and stepping back while one looks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from syncd.ports import Clock

QUARTER: Final = timedelta(minutes=15)


class Skewed:
    """The machine's clock, off by so much; with `stepping`, half of that to and fro at each look."""

    def __init__(self, skew: timedelta, *, stepping: bool = False) -> None:
        self._skew = skew
        self._stepping = stepping
        self._looks = 0

    def now(self) -> datetime:
        """Return the time that this clock shows."""
        self._looks += 1
        back = self._stepping and self._looks % 2
        return datetime.now(UTC) + (-self._skew if back else self._skew)


class Wound:
    """A clock that can be put forward: it shows `ahead` more than the one in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the time that this clock shows."""
        return self._clock.now() + self.ahead


CLOCKS: Final[Mapping[str, Callable[[], Clock]]] = {
    "right": lambda: Skewed(timedelta(0)),
    "15 minutes ahead": lambda: Skewed(QUARTER),
    "15 minutes behind": lambda: Skewed(-QUARTER),
    "stepping back": lambda: Skewed(QUARTER / 2, stepping=True),
}
