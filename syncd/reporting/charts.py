"""The shapes of charts: where each bar stands, in the units of the drawing. What it looks like is the template's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 120
"""The space for bars, in units of the drawing; labels stand outside of it."""

_FILL: Final = 0.72
"""How much of its column a bar takes."""

_STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One value. `x`, `y`, `width`, `height` are its rectangle, `middle` where its label stands.

    `value` is None where nothing is known: then there is no rectangle, and that is no zero.
    """

    label: str
    value: int | None
    kind: str
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Bars side by side, and the lines of the scale behind them: the value of each, and its height."""

    bars: tuple[Bar, ...]
    scale: tuple[tuple[int, float], ...]


def columns(values: Iterable[tuple[str, int | None, str]]) -> Columns:
    """Return a column for each label, value and kind, from left to right; the greatest is no higher than `HEIGHT`."""
    rows = list(values)
    top = _top([value for _, value, _ in rows if value is not None])
    room = WIDTH / max(1, len(rows))
    bars = tuple(_bar(position, room, row, top) for position, row in enumerate(rows))
    return Columns(bars, tuple((value, _rounded(HEIGHT - HEIGHT * value / top)) for value in _ticks(top)))


def _bar(position: int, room: float, row: tuple[str, int | None, str], top: int) -> Bar:
    label, value, kind = row
    height = HEIGHT * (value or 0) / top
    left = position * room
    wide = min(room * _FILL, 64.0)
    return Bar(
        label=label,
        value=value,
        kind=kind,
        x=_rounded(left + (room - wide) / 2),
        y=_rounded(HEIGHT - height),
        width=_rounded(wide),
        height=_rounded(height),
        middle=_rounded(left + room / 2),
    )


def _top(values: Sequence[int]) -> int:
    """Return the end of the scale: the next of 1, 2, 5, 10, 20, 50, ... that no value is above."""
    greatest, power = max(values, default=0), 1
    while True:
        for step in _STEPS:
            if step * power >= max(1, greatest):
                return step * power
        power *= 10


def _ticks(top: int) -> tuple[int, ...]:
    return (0, top) if top % 2 else (0, top // 2, top)


def _rounded(value: float) -> float:
    return round(value, 2)
