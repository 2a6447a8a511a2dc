"""The two parts of APScheduler that syncd brings itself, both of which APScheduler has a place for."""

import time
from collections.abc import Sequence
from datetime import datetime
from threading import Thread
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.base import BaseScheduler


class PolledScheduler(BaseScheduler):  # type: ignore[misc] # apscheduler is untyped
    """A scheduler without a thread and a sleep of its own: its owner polls it, a few times a second.

    So a sign of life from the loop that polls is one of the schedule, and neither a machine that was suspended nor a
    clock that was set leaves it asleep.
    """

    def poll(self) -> None:
        """Start what is due."""
        self._process_jobs()

    def wakeup(self) -> None:
        """Do nothing: the next poll is near."""

    def shutdown(self, wait: bool = True) -> None:
        """Start nothing any more."""
        super().shutdown(wait)


class RunThreads(BaseExecutor):  # type: ignore[misc] # apscheduler is untyped
    """A thread for each run. It is a daemon: a run that does not end must not keep the process from ending."""

    def __init__(self) -> None:
        super().__init__()
        self._threads: list[Thread] = []

    def running(self) -> tuple[str, ...]:
        """Return the ids of the jobs that are running."""
        return tuple(thread.name for thread in self._threads if thread.is_alive())

    def wait(self, seconds: float) -> tuple[str, ...]:
        """Wait that long at most until no job is running; return the ids of those that still are."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return self.running()

    def _do_submit_job(self, job: Any, _run_times: Sequence[datetime]) -> None:
        thread = Thread(target=self._run, args=(job,), name=job.id, daemon=True)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def _run(self, job: Any) -> None:
        try:
            job.func(*job.args)
        finally:
            self._run_job_success(job.id, ())
