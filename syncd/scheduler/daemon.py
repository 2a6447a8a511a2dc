"""`syncd worker`: one process, every application, each on its schedule."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from syncd import cron
from syncd.ports import Announce, Clock
from syncd.scheduler.due import missed_fire, trigger_of
from syncd.scheduler.log_watch import LogPolls, LogWatch, is_poll
from syncd.scheduler.runner import PolledScheduler, RunThreads
from syncd.service_manager import ServiceManager
from syncd.workflows.running import ExitCode

LastRun = Callable[[str], datetime | None]
"""Returns when the last run of an application began, or None when there was none."""

_POLL_SECONDS: Final = 0.2
_STATUS_SECONDS: Final = 30.0
_EXPECTED: Final = frozenset({ExitCode.CLEAN, ExitCode.DRIFT, ExitCode.LEASE_HELD})
"""How a run ends without anybody having to look: another process that holds the lease does the same work."""

_log = structlog.get_logger("syncd.scheduler")


@dataclass(frozen=True, slots=True)
class NightlyJob:
    """What runs for one application: `schedule` is a cron expression in UTC, `run` returns an exit code."""

    app: str
    schedule: str
    run: Callable[[], int]


def run_scheduler(
    jobs: Sequence[NightlyJob | LogWatch],
    *,
    clock: Clock,
    last_run: LastRun,
    announce: Announce,
    stop: threading.Event,
    patience: float = 30.0,
) -> int:
    """Run each job on its schedule until `stop` is set, and once at the start when its last time was missed.

    A job never overlaps itself, times that pass while it runs are made up by one run, and one that fails is logged and
    touches no other. When told to stop, runs in progress have `patience` seconds to end; one that takes longer is
    abandoned, which is harmless: nothing is half done, and its lease runs out. Returns 0. Raises what `last_run` does.
    A log is polled at the start, on its interval and when the bell is rung; a poll may ask for a full run.
    """
    manager = ServiceManager.take_from(os.environ)
    threads = RunThreads()
    scheduler = PolledScheduler(timezone=UTC, executors={"default": threads})
    watched = [LogPolls(job, scheduler, threads, clock) for job in jobs if isinstance(job, LogWatch)]
    for job in jobs:
        if isinstance(job, NightlyJob):
            schedule(scheduler, job, clock.now(), last_run(job.app), announce)
    for polls in watched:
        polls.start()
    scheduler.start()
    scheduler.poll()
    manager.ready(_status(scheduler, threads))
    beat = min(_STATUS_SECONDS, (manager.watchdog or _STATUS_SECONDS) / 3)
    _poll_until(
        stop,
        (*(polls.tick for polls in watched), scheduler.poll),
        lambda: manager.alive(_status(scheduler, threads)),
        beat,
    )
    manager.stopping()
    for polls in watched:
        polls.stop()
    scheduler.shutdown()
    for app in threads.running():
        announce(f"{app}: waiting up to {patience:g} seconds for the run in progress")
    for app in threads.wait(patience):
        _log.warning("run abandoned", app=app, waited=patience)
    return 0


def schedule(
    scheduler: PolledScheduler, job: NightlyJob, now: datetime, last_run: datetime | None, announce: Announce
) -> None:
    """Add a job to the scheduler: for its next time, or for the one that was missed since `last_run`."""
    times = cron.parse(job.schedule)
    trigger, missed = trigger_of(times), missed_fire(times, last_run, now)
    due = trigger.get_next_fire_time(None, now)
    why_now = f"now, because that of {_told(missed)} was missed, then " if missed else ""
    announce(f"{job.app}: next run {why_now}at {_told(due)}")
    scheduler.add_job(
        _carry_out,
        trigger,
        args=(job,),
        id=job.app,
        next_run_time=missed or due,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )


def _carry_out(job: NightlyJob) -> None:
    """Run a job and log how it ended. Whatever it raises ends here: a cancelled coroutine is no `Exception`."""
    began = time.monotonic()
    try:
        code = ExitCode(job.run())
    except BaseException:  # noqa: BLE001  # nobody else is there to tell it to
        _log.exception("run failed", app=job.app)
        return
    level = logging.INFO if code in _EXPECTED else logging.WARNING
    seconds = round(time.monotonic() - began, 1)
    _log.log(level, "run ended", app=job.app, outcome=code.name.lower(), exit_code=int(code), seconds=seconds)


def _poll_until(
    stop: threading.Event, ticks: Sequence[Callable[[], None]], tell: Callable[[], None], beat: float
) -> None:
    """Poll until `stop` is set, and tell every `beat` seconds.

    A signal handler sets `stop` in this thread, and must not find it inside `stop.wait`, with the lock that it needs.
    """
    told = time.monotonic() - beat
    while not stop.is_set():
        for tick in ticks:
            tick()
        if time.monotonic() - told >= beat:
            told = time.monotonic()
            tell()
        time.sleep(_POLL_SECONDS)


def _status(scheduler: PolledScheduler, threads: RunThreads) -> str:
    running = [one for one in threads.running() if not is_poll(one)]
    jobs = [job for job in scheduler.get_jobs() if not is_poll(job.id)]
    waiting = min(((job.next_run_time, job.id) for job in jobs), default=None)
    following = f"next run at {_told(waiting[0])} ({waiting[1]})" if waiting else "no application is configured"
    return f"reconciling {', '.join(running)}; {following}" if running else following


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
