"""Places in lists that this process remembers, so that a later page is walked to from there and not from the start.

A list in the order of row numbers has always the same rows up to a place: until one of them is deleted, which the
counter of deletions tells, or until one that was being written appears among them, which `Horizon` rules out.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, NamedTuple

MOST_PLACES: Final = 4096
"""How many places of one list are remembered."""

_MOST_LISTS: Final = 64


class Place(NamedTuple):
    """That there are `rows` rows up to the row number `pk`, and none beyond it among them."""

    rows: int
    pk: int


START: Final = Place(0, 0)


@dataclass(slots=True)
class _Walk:
    """The places of one list, in order, as they were when `deleted` rows of it had been deleted."""

    deleted: int
    places: list[Place] = field(default_factory=list)


class Anchors:
    """The places in lists, by whatever names a list. May be used by any number of threads."""

    def __init__(self) -> None:
        self._walks: OrderedDict[Hashable, _Walk] = OrderedDict()
        self._lock = Lock()

    def nearest(self, of: Hashable, rows: int) -> tuple[Place, int]:
        """Return the last place with at most that many rows, and at how many deletions it holds."""
        with self._lock:
            walk = self._walks.get(of)
            if walk is None:
                return START, 0
            self._walks.move_to_end(of)
            at = bisect_right(walk.places, rows, key=lambda place: place.rows)
            return (walk.places[at - 1] if at else START), walk.deleted

    def remember(self, of: Hashable, deleted: int, place: Place) -> None:
        """Remember a place that holds at so many deletions. Those of fewer deletions are forgotten."""
        with self._lock:
            walk = self._walks.get(of)
            if walk is None or deleted > walk.deleted:
                walk = self._walks[of] = _Walk(deleted)
            if deleted < walk.deleted:
                return
            self._walks.move_to_end(of)
            if len(self._walks) > _MOST_LISTS:
                self._walks.popitem(last=False)
            at = bisect_right(walk.places, place.rows, key=lambda one: one.rows)
            if at == 0 or walk.places[at - 1].rows != place.rows:
                walk.places.insert(at, place)
            if len(walk.places) > MOST_PLACES:  # every second one stays, so that one is never far
                walk.places = walk.places[::-2][::-1]


class Horizon:
    """Up to which row number no row can appear any more, although writers take row numbers before they commit.

    Every writer has a transaction id before it takes a row number. A mark is the youngest row that could be seen, and a
    transaction id that was given out after it had been seen: whoever took a smaller row number had a smaller id by
    then. Once all transactions with smaller ids have ended, what they wrote can be seen, and nothing comes after it.
    May be used by any number of threads.
    """

    def __init__(self) -> None:
        self._settled = 0
        self._mark: tuple[int, int] | None = None
        self._lock = Lock()

    def settled(self, oldest_running: int) -> int:
        """Return the row number, where no transaction with an id below `oldest_running` runs any more."""
        with self._lock:
            if self._mark is not None and oldest_running >= self._mark[0]:
                self._settled, self._mark = max(self._settled, self._mark[1]), None
            return self._settled

    def needs_mark(self, pk: int) -> bool:
        """Return whether a mark would help to learn about a row number."""
        with self._lock:
            return pk > self._settled and self._mark is None

    def mark(self, transaction_id: int, youngest: int) -> None:
        """Take a mark."""
        with self._lock:
            if self._mark is None:
                self._mark = (transaction_id, youngest)


@dataclass(frozen=True, slots=True)
class Walks:
    """What one process remembers of the lists of one database."""

    anchors: Anchors = field(default_factory=Anchors)
    horizon: Horizon = field(default_factory=Horizon)
