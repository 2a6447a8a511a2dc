"""Whether a schedule was kept: each moment at which a run was due, and the run that answered it, or none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise


class Kept(StrEnum):
    """What became of a moment at which a run was due.

    FAILED: a run took place and found nothing out, because Okta could not be read or it died. LATE: none has begun yet,
    and the next one is not due.
    """

    RAN = "ran"
    FAILED = "failed"
    MISSED = "missed"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Occurred:
    """A run over everybody: when it began and ended, with which exit code; None for what is not known."""

    run_id: str
    started: datetime
    ended: datetime | None
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A moment at which a run was due, and the run that answers it."""

    due: datetime
    kept: Kept
    run: Occurred | None = None

    @property
    def delay(self) -> timedelta | None:
        """How long after it was due the run began."""
        return self.run.started - self.due if self.run else None


def occurrences(
    due: Sequence[datetime], runs: Collection[Occurred], now: datetime, found_out: Collection[int]
) -> tuple[Occurrence, ...]:
    """Return each moment of `due` but the last, with the first run before the next one that found something out.

    They ascend, and the last one only ends the one before it. Where no run found anything out, the first one that
    began is shown. `found_out` are the exit codes of runs that could read Okta. A run counts whoever started it: what
    is asked is whether somebody looked.
    """
    ordered = sorted(runs, key=lambda run: run.started)
    return tuple(_of(begin, end, ordered, now, found_out) for begin, end in pairwise(due))


def _of(
    due: datetime, end: datetime, runs: Sequence[Occurred], now: datetime, found_out: Collection[int]
) -> Occurrence:
    own = [run for run in runs if due <= run.started < end]
    good = next((run for run in own if run.ended and run.exit_code in found_out), None)
    if good:
        return Occurrence(due, Kept.RAN, good)
    if own:
        return Occurrence(due, Kept.FAILED, own[0])
    return Occurrence(due, Kept.MISSED if end <= now else Kept.LATE)
