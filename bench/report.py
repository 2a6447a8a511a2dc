"""From what was measured to tables."""

from collections.abc import Callable, Iterator, Sequence

from bench.big_group import BIG_GROUP
from bench.goals import goal_rows
from bench.operations import GROWN, OPERATIONS
from bench.results import Results
from bench.samples import Figure
from bench.servers import KINDS
from bench.small import FLOW
from bench.tables import number, ratio, table

TITLES = {
    FLOW: "whole flow, users a second",
    **{name: title for name, (title, _) in (*OPERATIONS.items(), *GROWN.items())},
    **BIG_GROUP,
}
_Cell = Callable[[Figure], str]


def sections(results: Results, servers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a title and a table for all that there are figures of."""
    small = [(name, size) for name in (FLOW, *OPERATIONS) for size in results.sizes(name)]
    grown = [(name, size) for name in GROWN for size in results.sizes(name)]
    groups = [(name, size) for name in BIG_GROUP for size in results.sizes(name)]
    if small:
        yield "Small directory: right answers a second", _figures(results, servers, small, _rate)
        yield "How many times as fast syncd is, on the same kind of database", _ratios(results, servers, small)
        yield "Processor time of the server's own processes, ms an answer", _figures(results, servers, small, _cpu)
    if grown:
        yield "A growing directory: median ms an answer, 4 connections", _figures(results, servers, grown, _median)
        yield "How many times as fast syncd is there", _ratios(results, servers, grown)
        yield "Memory of the server's processes, MB", _memory(results, servers)
    if groups:
        yield "One growing group: median ms an answer, 1 connection", _figures(results, servers, groups, _median)
        yield "How many times as fast syncd is there, by group", _ratios(results, servers, groups)
    yield "Goals", table(("goal", "asked", "measured", "reached"), goal_rows(results))


def _figures(results: Results, servers: Sequence[str], rows: Sequence[tuple[str, int]], cell: _Cell) -> str:
    head = ("", *(KINDS[server].title for server in servers))
    lines = [
        (_row_title(name, size, rows), *(_shown(results.figure(name, size, server), cell) for server in servers))
        for name, size in rows
    ]
    return table(head, lines)


def _ratios(results: Results, servers: Sequence[str], rows: Sequence[tuple[str, int]]) -> str:
    rivals = [server for server in servers if KINDS[server].rival in servers]
    head = ("", *(KINDS[server].title for server in rivals))
    lines = [
        (_row_title(name, size, rows), *(_times(results, name, size, server) for server in rivals))
        for name, size in rows
    ]
    return table(head, lines)


def _times(results: Results, operation: str, size: int, server: str) -> str:
    theirs = results.figure(operation, size, server)
    ours = results.figure(operation, size, KINDS[server].rival or server)
    return ratio(ours.rate / theirs.rate) if ours.rate and theirs.rate else theirs.note or ours.note


def _memory(results: Results, servers: Sequence[str]) -> str:
    sizes = results.sizes(next(iter(GROWN)))
    head = ("users", *(KINDS[server].title for server in servers))
    lines = [(f"{size:,}", *(_megabytes(results.memory(server, size)) for server in servers)) for size in sizes]
    return table(head, lines)


def _megabytes(found: tuple[float, int] | None) -> str:
    return f"{number(found[0])} in {found[1]}" if found else "-"


def _row_title(name: str, size: int, rows: Sequence[tuple[str, int]]) -> str:
    """Return the operation's title, with the size where it was measured at several."""
    several = sum(1 for other, _ in rows if other == name) > 1
    return f"{TITLES[name]}, at {size:,}" if several else TITLES[name]


def _shown(figure: Figure, cell: _Cell) -> str:
    if figure.rate is None:
        return figure.note
    return f"{cell(figure)} ({figure.note})" if figure.note else cell(figure)


def _rate(figure: Figure) -> str:
    return number(figure.rate)


def _median(figure: Figure) -> str:
    return number(figure.p50_ms)


def _cpu(figure: Figure) -> str:
    return number(figure.cpu_ms)
