"""Whether the nightly runs have done their work, told by the endpoint: a worker that is dead tells nobody."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from scim.errors import Unavailable
from syncd.ports import Clock, Database
from syncd.workflows.notify import missed_freshness

ASKED_EVERY: Final = 10.0
"""Seconds for which an answer holds. Nobody has to have a token to ask, so asking must not cost."""


class Freshness:
    """Tells whether each application has had a complete listing of its source within so long. Zero is any time."""

    def __init__(
        self, database: Database, within: Mapping[str, timedelta], clock: Clock, monotonic: Callable[[], float]
    ) -> None:
        self._database = database
        self._within = within
        self._clock = clock
        self._monotonic = monotonic
        self._answer: str | None = None
        self._until = -1.0

    def __call__(self) -> str | None:
        """Return None when all are fresh, "stale" when one is not, and "database" when that is not known."""
        now = self._monotonic()
        if now >= self._until:
            self._answer, self._until = self._ask(), now + ASKED_EVERY
        return self._answer

    def _ask(self) -> str | None:
        try:
            return "stale" if any(map(self._is_stale, self._within)) else None
        except Unavailable:
            return "database"

    def _is_stale(self, app: str) -> bool:
        with self._database.reading(app) as unit:
            return missed_freshness(unit, app, self._within[app], self._clock.now()) is not None
