"""Following Okta's System Log beside the nightly runs: on an interval, and at once when the bell was rung."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final

import structlog
from apscheduler.triggers.interval import IntervalTrigger

from syncd.ports import Clock
from syncd.scheduler.runner import PolledScheduler, RunThreads

LISTENS_EVERY: Final = 1.0
_LAST_WORDS: Final = 2.0
_PREFIX: Final = "log of "

_log = structlog.get_logger("syncd.scheduler")


@dataclass(frozen=True, slots=True)
class LogWatch:
    """What follows the logs: a poll of each application, which returns whether a full run is needed now.

    `every` is the interval in seconds. `rings` returns how often the bell was rung so far, and may raise.
    """

    polls: Mapping[str, Callable[[], bool]]
    every: float
    rings: Callable[[], int]


class LogPolls:
    """The polls as jobs of a scheduler. `tick` is called a few times a second."""

    def __init__(self, watch: LogWatch, scheduler: PolledScheduler, threads: RunThreads, clock: Clock) -> None:
        self._watch = watch
        self._scheduler = scheduler
        self._threads = threads
        self._clock = clock
        self._bell = _Listener(watch.rings)
        self._due: set[str] = set()

    def start(self) -> None:
        """Add the jobs, due at once, and listen to the bell."""
        for app, poll in self._watch.polls.items():
            self._scheduler.add_job(
                self._carry_out,
                IntervalTrigger(seconds=self._watch.every),
                args=(app, poll),
                id=_PREFIX + app,
                next_run_time=self._clock.now(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._bell.start()

    def tick(self) -> None:
        """Make due what the bell was rung for, and the full runs that polls asked for; what is running waits."""
        if self._bell.was_rung():
            self._due.update(_PREFIX + app for app in self._watch.polls)
        ready = self._due.difference(self._threads.running())
        for job_id in ready:
            if self._scheduler.get_job(job_id) is not None:
                self._scheduler.modify_job(job_id, next_run_time=self._clock.now())
        self._due -= ready

    def stop(self) -> None:
        """Listen no longer."""
        self._bell.stop()

    def _carry_out(self, app: str, poll: Callable[[], bool]) -> None:
        """Poll, and log what it raises: nobody else is there to tell it to."""
        try:
            if poll():
                self._due.add(app)
        except BaseException:  # noqa: BLE001  # a cancelled coroutine is no `Exception`
            _log.exception("poll failed", app=app)


def is_poll(job_id: str) -> bool:
    """Return whether a job is a poll of a log, and no nightly run."""
    return job_id.startswith(_PREFIX)


class _Listener:
    """Asks how often the bell was rung, in a thread of its own: a database that is slow must not hold up the others."""

    def __init__(self, rings: Callable[[], int]) -> None:
        self._rings = rings
        self._rung = Event()
        self._ended = Event()
        self._thread = Thread(target=self._listen, name="bell", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(_LAST_WORDS)

    def was_rung(self) -> bool:
        """Return whether it was rung since the last time this was asked."""
        rung = self._rung.is_set()
        self._rung.clear()
        return rung

    def _listen(self) -> None:
        heard: int | None = None
        while not self._ended.is_set():
            try:
                rings = self._rings()
            except Exception as error:  # noqa: BLE001  # the log is read on its interval all the same
                _log.debug("bell not heard", reason=str(error))
            else:
                if heard not in {None, rings}:
                    self._rung.set()
                heard = rings
            self._ended.wait(LISTENS_EVERY)
