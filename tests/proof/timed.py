"""Schedules whose time can be put forward."""

from datetime import timedelta
from typing import ClassVar

from syncd.store import SqlDatabase
from tests.proof.clocks import Wound
from tests.proof.schedules import Schedule


class TimedSchedule(Schedule):
    """One schedule that begins with the right time, and puts it forward within the hour in which a waiver ends."""

    pauses: ClassVar[tuple[timedelta, ...]]
    longest: ClassVar[timedelta]

    def __init__(self, database: SqlDatabase, number: int) -> None:
        clock = database._clock
        assert isinstance(clock, Wound)
        self._clock = clock
        self._clock.ahead = timedelta(0)
        super().__init__(database, number)

    def pause(self, _who: object) -> None:
        """Let time pass."""
        if self._clock.ahead < self.longest:
            self._clock.ahead += self._rng.choice(self.pauses)
