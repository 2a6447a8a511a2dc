"""Cron expressions, read as cron(8) reads them, into the plain sets of numbers that any scheduler understands.

APScheduler counts weekdays from Monday and takes a restricted day of month *and* weekday where cron takes either; what
is written here means what an operator knows from crontab(5), or is refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Final

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


LONGEST_WINDOW: Final = timedelta(days=7)
_WINDOW: Final = re.compile(r"(?P<schedule>.+) for (?P<hours>\d+(\.\d+)?) hours?")


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """When something runs: every combination of these numbers, ascending. Weekday 0 is Sunday."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    first: int
    last: int
    names: Sequence[str] = ()

    def number(self, text: str) -> int:
        if text in self.names:
            return self.first + self.names.index(text)
        if text.isascii() and text.isdigit() and self.first <= int(text) <= self.last:
            return int(text)
        raise ValueError(f"{text!r} is no {self.name}: it goes from {self.first} to {self.last}")

    def numbers(self, text: str) -> Iterator[int]:
        """Yield the numbers of `*`, `5`, `1-5`, `*/2`, `1-9/2` and lists of these; may repeat one."""
        for part in text.split(","):
            span, slash, step = part.partition("/")
            low, dash, high = span.partition("-")
            if slash and not (dash or span == "*"):
                raise ValueError(f"{part!r}: a step needs a range or a star before it")
            start = self.first if span == "*" else self.number(low)
            end = self.last if span == "*" else self.number(high) if dash else start
            if end < start:
                raise ValueError(f"{part!r} runs backwards")
            yield from range(start, end + 1, self._step(step) if slash else 1)

    def _step(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= self.last):
            raise ValueError(f"{text!r} is no step for a {self.name}")
        return int(text)


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("day of the week", 0, 7, WEEKDAYS),
)


def parse(expression: str) -> CronSchedule:
    """Read the five fields of a cron expression. Names are taken in any case; 0 and 7 are both Sunday.

    Raises ValueError, in words for the operator, when it does not parse, never comes true (30 February), or restricts
    both the day of the month and the day of the week.
    """
    texts = expression.lower().split()
    if len(texts) != len(_FIELDS):
        raise ValueError(f"a schedule has five fields and this has {len(texts)}")
    if not (texts[2].startswith("*") or texts[4].startswith("*")):
        raise ValueError("day of the month and day of the week cannot both be set, because cron would take either")
    minutes, hours, days, months, weekdays = (
        tuple(sorted(set(field.numbers(text)))) for field, text in zip(_FIELDS, texts, strict=True)
    )
    if not any(day <= _longest(month) for day in days for month in months):
        raise ValueError("there is no such day in these months")
    return CronSchedule(minutes, hours, days, months, tuple(sorted({day % 7 for day in weekdays})))


def parse_window(text: str) -> tuple[CronSchedule, timedelta]:
    """Read `0 8 * * 1-5 for 10 hours`: when a window begins, and how long it lasts. Raises ValueError, in words."""
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError("it has no end, which is written as: for 10 hours")
    lasting = timedelta(hours=float(found["hours"]))
    if not timedelta(0) < lasting <= LONGEST_WINDOW:
        raise ValueError(f"it lasts longer than {LONGEST_WINDOW.days} days, or not at all")
    return parse(found["schedule"]), lasting


def fires(schedule: CronSchedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield every moment that the schedule names from `start` up to `end`, both aware, and the first one behind it."""
    moments = [time(hour, minute, tzinfo=UTC) for hour in schedule.hours for minute in schedule.minutes]
    first = start.astimezone(UTC).date()
    days = (first + timedelta(on) for on in count())
    for fire in (datetime.combine(day, one) for day in days if names_day(schedule, day) for one in moments):
        if fire >= start:
            yield fire
            if fire >= end:
                return


def names_day(schedule: CronSchedule, day: date) -> bool:
    """Return whether the schedule has moments on a day."""
    return day.month in schedule.months and day.day in schedule.days and day.isoweekday() % 7 in schedule.weekdays


def _longest(month: int) -> int:
    return 29 if month == MONTHS.index("feb") + 1 else 30 if month in {4, 6, 9, 11} else 31
