"""What a run of requests came to, and what many runs come to together."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final, Self

TIMED_OUT: Final = "no answer in time"
MOST_WRONG: Final = 0.01
"""The share of wrong answers above which there is no figure."""


@dataclass(slots=True)
class Sample:
    """One run of one operation: seconds of every right answer, and what was wrong with the others.

    `wall` is the seconds that the run took, `cpu` those that the server's processes worked meanwhile.
    """

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Right answers in a second."""
        return len(self.seconds) / self.wall if self.wall and self.seconds else 0.0

    @property
    def is_right(self) -> bool:
        """Whether there are answers, and every one was right."""
        return bool(self.seconds) and not self.wrong

    def summary(self) -> dict[str, Any]:
        """Return the run as figures: rate in 1/s, times in milliseconds."""
        return {
            "answers": len(self.seconds),
            "rate": round(self.rate, 2),
            "p50_ms": _milliseconds(percentile(self.seconds, 0.5)),
            "p99_ms": _milliseconds(percentile(self.seconds, 0.99)),
            "cpu_s": round(self.cpu, 3),
            "wrong": dict(self.wrong),
        }


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that is not below `share` of the values; None of no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Figure:
    """The medians of several runs, or why there are none.

    `rate` is in answers a second, `p50_ms`, `p99_ms` and `cpu_ms` in milliseconds an answer; `cpu_ms` is the processor
    time of the server's own processes. `note` says what went wrong; without figures it says what happened instead.
    """

    rate: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_ms: float | None = None
    runs: int = 0
    note: str = ""

    @classmethod
    def of(cls, samples: Sequence[Sample], patience: float) -> Self:
        """Return the figure of some runs. More than a few wrong answers leave only a note."""
        complaints = sum((sample.wrong for sample in samples), Counter[str]())
        right = [sample for sample in samples if sample.seconds]
        answers = sum(len(sample.seconds) for sample in right)
        if TIMED_OUT in complaints:
            return cls(note=f"> {patience:g} s", runs=len(samples))
        if complaints.total() > MOST_WRONG * answers:
            most, _ = complaints.most_common(1)[0]
            return cls(note=most, runs=len(samples))
        if not right:
            return cls(note="-")
        return cls(
            rate=median(sample.rate for sample in right),
            p50_ms=_median_of(right, 0.5),
            p99_ms=_median_of(right, 0.99),
            cpu_ms=median(sample.cpu / len(sample.seconds) for sample in right) * 1000,
            runs=len(right),
            note=f"{complaints.total()} wrong" if complaints else "",
        )


def _median_of(samples: Sequence[Sample], share: float) -> float | None:
    found = [value for sample in samples if (value := percentile(sample.seconds, share)) is not None]
    return _milliseconds(median(found)) if found else None


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
