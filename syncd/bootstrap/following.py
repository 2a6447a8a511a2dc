"""The System Log side of the worker: settings -> what is polled."""

import logging
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from syncd.bootstrap.okta import open_log, run_desk
from syncd.bootstrap.ringing import BELL
from syncd.config import Settings
from syncd.core.situations import Situation
from syncd.okta_source.client import Patience
from syncd.ports import Announce, Hint
from syncd.scheduler import LogWatch
from syncd.store import SqlDatabase
from syncd.workflows.follow_events import FULL_RUNS, Followed, Settle, Watch, follow_events
from syncd.workflows.reconcile_subjects import reconcile_subjects
from syncd.workflows.running import ExitCode

FULL_RUN_EVERY: Final = 3600.0
"""Seconds that lie between two full runs that the log asks for, whatever they come to."""

REMINDED_EVERY: Final = 60
"""How many polls that fail in a row go by from one warning to the next."""

_LOOKED: Final = frozenset({ExitCode.CLEAN, ExitCode.DRIFT, ExitCode.PARTIAL, ExitCode.BLOCKED})
"""How a run ends that has looked at everybody it was to. A plan that is blocked waits for a person, not for a poll."""

_log = structlog.get_logger("syncd")


def log_watch(settings: Settings, store: SqlDatabase, announce: Announce) -> LogWatch | None:
    """Return what follows the log for every application, or None where that is switched off."""
    if settings.okta.poll_seconds == 0:
        return None
    polls = {
        app: Follower(settings, store, app, partial(settle_one_by_one, settings, app, announce), announce)
        for app in settings.apps
    }
    return LogWatch(polls, settings.okta.poll_seconds, store.bell(BELL).rings)


class Follower:
    """Follows the log for one application, a poll for each call, which returns whether a full run is needed now."""

    def __init__(self, settings: Settings, store: SqlDatabase, app: str, settle: Settle, announce: Announce) -> None:
        self._settings = settings
        self._store = store
        self._app = app
        self._settle = settle
        self._announce = announce
        self._resume = True
        self._asked: float | None = None
        self._failed = 0

    def __call__(self, patience: Patience | None = None) -> bool:
        """Poll once. The first polls of a process take the log up a little earlier, until one goes well."""
        followed = self.poll(patience)
        self._resume = self._resume and bool(followed.troubles)
        self._tell(followed)
        if followed.full_run is None or not self._may_ask():
            return False
        _log.info("full run needed", app=self._app, reason=followed.full_run)
        return True

    def poll(self, patience: Patience | None = None) -> Followed:
        """Poll once, and return what came of it."""
        with closing(open_log(self._settings, self._app, self._announce, patience)) as log:
            watch = Watch(
                app=self._app,
                log=log,
                database=self._store,
                settle=self._settle,
                announce=self._announce,
                retention=timedelta(days=self._settings.okta.log_retention_days),
                full_runs=("apply",) if self._settings.apps[self._app].apply else FULL_RUNS,
            )
            return follow_events(watch, resume=self._resume)

    def _tell(self, followed: Followed) -> None:
        level = logging.DEBUG if self._failed % REMINDED_EVERY else logging.WARNING
        for trouble in followed.troubles:
            _log.log(level, "log not followed", app=self._app, reason=trouble)
        self._failed = self._failed + 1 if followed.troubles else 0
        if followed.events or followed.settled:
            counts = {"events": followed.events, "settled": followed.settled, "pending": followed.pending}
            _log.info("log followed", app=self._app, **counts)

    def _may_ask(self) -> bool:
        now = time.monotonic()
        if self._asked is not None and now - self._asked < FULL_RUN_EVERY:
            return False
        self._asked = now
        return True


def settle_one_by_one(settings: Settings, app: str, announce: Announce, hints: Sequence[Hint]) -> Collection[str]:
    """Look at these people, carry out what is due about them, and return who was dealt with.

    Where the application is only reported on, that is the nightly run's part. Somebody about whom Okta gave no
    definitive answer is asked about again.
    """
    people = [one.okta_user_id for one in hints]
    if not settings.apps[app].apply:
        return people
    removals = {one.okta_user_id: one.published if one.revokes else None for one in hints}
    with run_desk(settings, app, announce) as desk:
        result = reconcile_subjects(desk, removals)
    _log.info("people looked at", app=app, people=len(people), message=result.message)
    if result.exit_code not in _LOOKED:
        return ()
    findings = result.report.findings if result.report else ()
    unclear = {one.account.external_id for one in findings if one.account and one.situation is Situation.UNKNOWN}
    return [one for one in people if one not in unclear]
