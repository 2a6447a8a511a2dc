"""How long an event waits to be sealed, for each event.

Every 20 ms is noted how many entries the log has, with the database's clock. An entry was sealed before the first note
that counts it, so that is when it was sealed, up to 20 ms too late. It waits from the `at` of its event, which is when
the transaction that wrote it began: the rest of the transaction and its commit are in the figure.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import orjson
import psycopg

from bench.servers import postgres

EVERY: Final = 0.02
_SIZE: Final = "SELECT size, clock_timestamp() FROM audit_head"
_EVENTS: Final = (
    "SELECT l.seq, e.body FROM audit_log l JOIN audit_event e ON e.pk = l.event_pk"
    " WHERE l.seq >= %s AND l.seq < %s ORDER BY l.seq"
)


class Growth:
    """How the log grew: sizes, and when each was seen for the first time."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.moments: list[datetime] = []

    def note(self, size: int, moment: datetime) -> None:
        """Note a size, unless it is the last one still."""
        if not self.sizes or size > self.sizes[-1]:
            self.sizes.append(size)
            self.moments.append(moment)

    def seen(self, seq: int) -> datetime | None:
        """Return when that entry was seen to be there, None when it never was."""
        place = bisect_right(self.sizes, seq)
        return self.moments[place] if place < len(self.sizes) else None


@contextmanager
def watched(url: str) -> Iterator[Growth]:
    """Note the size of the log until the block ends."""
    growth, stop = Growth(), threading.Event()
    thread = threading.Thread(target=_watch, args=(url, growth, stop), daemon=True)
    thread.start()
    try:
        yield growth
    finally:
        stop.set()
        thread.join()


def lags(url: str, growth: Growth, start: int, end: int) -> list[float]:
    """Return the seconds that the events of the entries from `start` up to `end` have waited.

    Raises ValueError where one of them was not seen to be sealed.
    """
    with _asking(url) as connection:
        return [_lag(growth, seq, body) for seq, body in connection.execute(_EVENTS, [start, end])]


def ask(url: str, question: str) -> Any:
    """Return the one value that a question has for an answer."""
    with _asking(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row and row[0]


def _watch(url: str, growth: Growth, stop: threading.Event) -> None:
    with _asking(url) as connection:
        is_over = False
        while not is_over:
            is_over = stop.wait(EVERY)
            if row := connection.execute(_SIZE).fetchone():
                growth.note(*row)


def _lag(growth: Growth, seq: int, body: bytes) -> float:
    sealed = growth.seen(seq)
    if sealed is None:
        raise ValueError(f"entry {seq} was not seen to be sealed")
    return (sealed - datetime.fromisoformat(orjson.loads(body)["at"])).total_seconds()


def _asking(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(postgres.plain(url), autocommit=True)
