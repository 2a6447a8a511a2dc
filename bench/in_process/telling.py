"""The figures of a large directory as text, beside what was asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.in_process.databases import SQLITE
from bench.in_process.measuring import Cost
from bench.in_process.world import SMALL_GROUP, World
from bench.tables import number, table

# Operation -> title, and the milliseconds that it may take on SQLite.
OPERATIONS: Final[Mapping[str, tuple[str, float | None]]] = {
    "read": ("read a user", 0.5),
    "lookup": ("lookup by userName", 0.5),
    "create": ("create a user, with its audit event", 1.5),
    "page_first_walked": ("page of 100, first ones, walked", 2),
    "page_middle_walked": ("page of 100, in the middle, walked", 2),
    "page_last_walked": ("page of 100, last ones, walked", 2),
    "page_first_jumped": ("page of 100, first ones, jumped to", 2),
    "page_middle_jumped": ("page of 100, in the middle, jumped to", 2),
    "page_last_jumped": ("page of 100, last ones, jumped to", 2),
    "add_small": ("add one member to a group of {small}", None),
    "add_large": ("add one member to a group of {large}", 2),
    "remove_small": ("remove one member from a group of {small}", None),
    "remove_large": ("remove one member from a group of {large}", None),
}
MOST_BY_SMALL: Final = 1.5
"""How many times the cost in a small group that in a large one may be."""


def text_of(facts: str, world: World, costs: Mapping[str, Mapping[str, Cost]]) -> str:
    """Return what was measured as a paragraph and two tables."""
    memberships = sum(1 for _ in world.members(3)) * (world.groups - 2) + world.large_group + SMALL_GROUP
    about = (
        f"{facts}\n{world.users:,} users, {world.groups:,} groups, {memberships:,} memberships;"
        f" one request at a time, in milliseconds: median, 99th percentile, and the work of the process that asks."
    )
    return "\n\n".join([about, _figures(world, costs), _ratios(world, costs)])


def _figures(world: World, costs: Mapping[str, Mapping[str, Cost]]) -> str:
    head = [
        "",
        *(f"{database}, {what}" for database in costs for what in ("median", "99 %", "work")),
        "asked",
        "reached",
    ]
    return table(head, [_row(world, costs, name) for name in OPERATIONS])


def _row(world: World, costs: Mapping[str, Mapping[str, Cost]], name: str) -> Sequence[str]:
    title, bound = OPERATIONS[name]
    titled = title.format(small=f"{SMALL_GROUP:,}", large=f"{world.large_group:,}")
    cells = [number(value) for found in costs.values() for value in (found[name].p50, found[name].p99, found[name].cpu)]
    if bound is None:
        return titled, *cells, "", ""
    return titled, *cells, f"< {bound:g} (SQLite)", "yes" if costs[SQLITE][name].p50 < bound else "NO"


def _ratios(world: World, costs: Mapping[str, Mapping[str, Cost]]) -> str:
    head = ["", *costs, "asked", "reached"]
    return table(head, list(_ratio_rows(world, costs)))


def _ratio_rows(world: World, costs: Mapping[str, Mapping[str, Cost]]) -> Iterator[Sequence[str]]:
    sizes = f"a group of {world.large_group:,} by one of {SMALL_GROUP:,}"
    for what in ("add", "remove"):
        ratios = [found[f"{what}_large"].p50 / found[f"{what}_small"].p50 for found in costs.values()]
        reached = "yes" if max(ratios) <= MOST_BY_SMALL else "NO"
        yield f"{what} one member, {sizes}", *(f"{one:.2f}x" for one in ratios), f"<= {MOST_BY_SMALL}x", reached
