"""Tables, written so that they can be read in a terminal and in Markdown alike."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with even columns; the first is to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    marks = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (head, marks, *rows))


def number(value: float | None) -> str:
    """Return a figure with three digits that count, or "" for none."""
    if value is None:
        return ""
    if value >= 100:  # noqa: PLR2004  # from here on there are three digits before the point
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004  # likewise


def ratio(value: float | None) -> str:
    """Return how many times, or "" for none."""
    return "" if value is None else f"{number(value)}x"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join([first, *others])} |"
