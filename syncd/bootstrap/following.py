"""The System Log side of the worker: settings -> what is polled."""

import logging
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from syncd.bootstrap.okta import open_log, run_desk
from syncd.bootstrap.ringing import BELL
from syncd.config import Settings
from syncd.okta_source.client import Patience
from syncd.ports import Announce
from syncd.scheduler import LogWatch
from syncd.store import SqlDatabase
from syncd.workflows.follow_events import Followed, Settle, Watch, follow_events
from syncd.workflows.reconcile_subjects import dealt_with, reconcile_subjects

FULL_RUN_EVERY: Final = 3600.0
"""Seconds that lie between two full runs that the log asks for, whatever they come to."""

REMINDED_EVERY: Final = 60
"""How many polls that fail in a row go by from one warning to the next."""

_log = structlog.get_logger("syncd")


def log_watch(settings: Settings, store: SqlDatabase, announce: Announce) -> LogWatch | None:
    """Return what follows the log for every application that may be repaired, or None where that is switched off.

    Where the nightly run only reports, there is nothing to do about a hint.
    """
    if settings.okta.poll_seconds == 0:
        return None
    polls = {
        app: Follower(settings, store, app, partial(settle, settings, app, announce), announce)
        for app, chosen in settings.apps.items()
        if chosen.apply
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
                full_runs=("apply",),
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


def settle(
    settings: Settings, app: str, announce: Announce, removals: Mapping[str, datetime | None]
) -> Collection[str]:
    """Reconcile these people, and return who was dealt with."""
    with run_desk(settings, app, announce, actor="worker") as desk:
        result = reconcile_subjects(desk, removals)
    _log.info("run told", app=app, message=result.message)
    return dealt_with(result, removals)
