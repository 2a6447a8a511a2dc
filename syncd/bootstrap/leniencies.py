"""How often clients need which leniency: counted in the process, and written down every few seconds."""

import threading
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from scim.errors import Unavailable
from scim.tolerance import Leniency
from syncd.ports import Clock
from syncd.store import SqlDatabase

WRITTEN_EVERY: Final = timedelta(seconds=10)


class LeniencyCounter:
    """Counts by application. May be used by any number of threads.

    What was counted is written when a request ends and the last writing is `WRITTEN_EVERY` ago, in a transaction of its
    own, and by `flush`. A process that is killed loses what it has not written.
    """

    def __init__(self, store: SqlDatabase, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._written: datetime | None = None

    def count(self, app: str, needed: Collection[Leniency]) -> None:
        """Count a request of an application that needed these; see `accept_push`."""
        now = self._clock.now()
        with self._lock:
            self._counts.update((app, one.label) for one in needed)
            if self._written is not None and now - self._written < WRITTEN_EVERY:
                return
            self._written = now
        self.flush()

    def flush(self) -> None:
        """Write down what was counted. Where the database cannot be written now, it is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            self._store.add_leniency_uses(counts)
        except Unavailable:
            with self._lock:
                self._counts += counts
