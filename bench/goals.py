"""The goals, and whether what was measured reaches them. What was not measured is told as that, never as reached."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from bench.results import Results
from bench.small import FLOW

SQLITE, POSTGRESQL = "syncd-sqlite", "syncd-postgresql"
DJANGO_SQLITE, DJANGO_POSTGRESQL = "django-scim2-sqlite", "django-scim2-postgresql"
PYTHON: Final = ("scim2-server", DJANGO_SQLITE, DJANGO_POSTGRESQL)
LARGE, LARGE_GROUP = 100_000, 10_000
SMALL_GROUP: Final = 100
_Measure = Callable[[Results], float | None]


class Goal(NamedTuple):
    """A goal: the figure is at least `bound` times, or at most where `at_most` says so."""

    text: str
    bound: float
    measure: _Measure
    at_most: bool = False
    unit: str = "x"


def _rate(results: Results, operation: str, size: int, server: str) -> float | None:
    return results.figure(operation, size, server).rate


def _beside(operation: str, ours: str, theirs: Sequence[str], size: int | None = None) -> _Measure:
    """Return the measure of our rate by that of the best of theirs; at any one size, or at that size."""

    def measure(results: Results) -> float | None:
        at = size or next(iter(results.sizes(operation)), 0)
        mine = _rate(results, operation, at, ours)
        rates = [rate for server in theirs if (rate := _rate(results, operation, at, server))]
        return mine / max(rates) if mine and rates else None

    return measure


def _own(operation: str, ours: str, large: int, small: int) -> _Measure:
    """Return the measure of our median time at a large size by that at a small one."""

    def measure(results: Results) -> float | None:
        times = [results.figure(operation, size, ours).p50_ms for size in (large, small)]
        return times[0] / times[1] if times[0] and times[1] else None

    return measure


def _memory(ours: str) -> _Measure:
    """Return the measure of our memory at the large size, for each web process."""

    def measure(results: Results) -> float | None:
        found = results.memory(ours, LARGE)
        return found[0] / max(1, found[1] - 1) if found else None

    return measure


def _memory_growth(ours: str) -> _Measure:
    def measure(results: Results) -> float | None:
        large, small = results.memory(ours, LARGE), results.memory(ours, 1_000)
        return large[0] / small[0] if large and small else None

    return measure


def _of_both(text: str, bound: float, at_most: bool, measure: Callable[[str], _Measure], unit: str = "x") -> list[Goal]:
    return [
        Goal(f"{text}, {database}", bound, measure(ours), at_most, unit)
        for database, ours in (("SQLite", SQLITE), ("PostgreSQL", POSTGRESQL))
    ]


GOALS: Final = (
    Goal("lookup, small directory, by the best Python peer", 4, _beside("lookup_hit", SQLITE, PYTHON)),
    Goal("read, small directory, by the best Python peer", 4, _beside("read", SQLITE, PYTHON)),
    Goal("whole flow by django-scim2, SQLite", 2, _beside(FLOW, SQLITE, [DJANGO_SQLITE])),
    Goal("whole flow by django-scim2, PostgreSQL", 4, _beside(FLOW, POSTGRESQL, [DJANGO_POSTGRESQL])),
    Goal(
        "lookup at 100,000 users by django-scim2, SQLite",
        20,
        _beside("grown_lookup", SQLITE, [DJANGO_SQLITE], LARGE),
    ),
    Goal(
        "lookup at 100,000 users by django-scim2, PostgreSQL",
        20,
        _beside("grown_lookup", POSTGRESQL, [DJANGO_POSTGRESQL], LARGE),
    ),
    *_of_both("our lookup at 100,000 users by 1,000", 1.3, True, lambda ours: _own("grown_lookup", ours, LARGE, 1_000)),
    Goal("first page at 100,000 by the best Python peer", 100, _beside("grown_page_first", SQLITE, PYTHON, LARGE)),
    Goal("last page at 100,000 by the best Python peer", 100, _beside("grown_page_last", SQLITE, PYTHON, LARGE)),
    Goal("add to a group of 10,000 by the best Python peer", 100, _beside("big_add", SQLITE, PYTHON, LARGE_GROUP)),
    *_of_both(
        "our add to a group of 10,000 by 100", 1.5, True, lambda ours: _own("big_add", ours, LARGE_GROUP, SMALL_GROUP)
    ),
    *_of_both("memory of a web process at 100,000 users", 150, True, _memory, " MB"),
    *_of_both("memory at 100,000 users by 1,000", 1.1, True, _memory_growth),
)


def goal_rows(results: Results) -> list[tuple[str, str, str, str]]:
    """Return a row for each goal: what it is, what was asked, what was measured, and whether that is enough."""
    return list(_rows(results))


def _rows(results: Results) -> Iterator[tuple[str, str, str, str]]:
    for goal in GOALS:
        found = goal.measure(results)
        asked = f"{'<=' if goal.at_most else '>='} {goal.bound:g}{goal.unit}"
        if found is None:
            yield goal.text, asked, "not measured", "?"
        else:
            reached = found <= goal.bound if goal.at_most else found >= goal.bound
            yield goal.text, asked, f"{found:,.2f}{goal.unit}", "yes" if reached else "NO"
