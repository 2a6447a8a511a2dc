"""The heads of the audit log on their way to other machines: a webhook, and witnesses who cosign them.

A way that is slow or down holds up neither the sealing nor another way: the newest head is what matters, and it is
tried again until it is there.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog

from syncd.bootstrap.system import SystemClock
from syncd.config import Settings, require_audit
from syncd.core.alarms import news_of_audit_heads
from syncd.core.changes import Cause
from syncd.core.notes import VerifierKey
from syncd.delivery.head_webhook import HeadWebhook
from syncd.delivery.witnesses import Witness
from syncd.ports.audit import OutsideError, SignedCheckpoint
from syncd.signing import is_signed
from syncd.store import SqlDatabase
from syncd.workflows.gather_cosignatures import Outcome, cosigned
from syncd.workflows.notify import tell_news

_LOOKS_EVERY: Final = 1.0
_AGAIN_AFTER: Final = 30.0
_TOLD_AFTER: Final = 3600.0
"""Seconds that a way may be out of reach before somebody is told; that it contradicts is told at once."""

_PATIENCE: Final = 10.0
_FINE: Final = frozenset({Outcome.COSIGNED, Outcome.OVERTAKEN})

_log = structlog.get_logger("syncd.audit")


@dataclass(slots=True)
class Way:
    """One way out, and how it fares: which head got there, since when none does, and when it is tried next."""

    name: str
    webhook: HeadWebhook | None = None
    witness: Witness | None = None
    there: int = 0
    failing_since: float | None = None
    due: float = 0.0
    why: str | None = None
    told: str | None = None


@dataclass(slots=True)
class Courier:
    """Carries the newest head along every way, each for itself. The first of `apps` is told of trouble."""

    store: SqlDatabase
    ways: Sequence[Way]
    apps: Sequence[str]
    telling: threading.Lock = field(default_factory=threading.Lock)

    def run(self, way: Way, stop: threading.Event) -> None:
        """Carry heads along one way until told to stop."""
        while not stop.is_set():
            try:
                self.look(way)
            except Exception:  # noqa: BLE001  # nobody else is there to tell it to, and the next look may do better
                _log.exception("a head was not carried", way=way.name)
            stop.wait(_LOOKS_EVERY)

    def look(self, way: Way) -> None:
        """Carry the newest head along a way where it is not there yet and the way is due."""
        with self.store.audit_log.reading_log() as log:
            newest = log.newest_checkpoint()
        if newest is None or newest.size == way.there or time.monotonic() < way.due:
            return
        why, is_grave = self._carried(way, newest)
        way.why = why
        if why is None:
            way.there, way.failing_since, way.due = newest.size, None, 0.0
        else:
            way.failing_since = way.failing_since or time.monotonic()
            way.due = time.monotonic() + _AGAIN_AFTER
            is_grave = is_grave or time.monotonic() - way.failing_since > _TOLD_AFTER
            _log.warning("audit head kept in", way=way.name, size=newest.size, reason=why)
        self._tell(way, why if is_grave else None)

    def _carried(self, way: Way, newest: SignedCheckpoint) -> tuple[str | None, bool]:
        """Return why the head is not there, None when it is, and whether somebody has to look at once."""
        if way.webhook:
            try:
                way.webhook.publish(newest.note)
            except OutsideError as error:
                return str(error), False
        if way.witness:
            (told,) = cosigned(self.store.audit_log, newest, [way.witness], is_signed)
            if told.outcome not in _FINE:
                return told.why, told.outcome is not Outcome.UNREACHABLE
        return None, False

    def _tell(self, way: Way, why: str | None) -> None:
        """Tell once that a way needs somebody, and once that it does not any more."""
        if why == way.told:
            return
        with self.telling:
            troubles = {one.name: one.told for one in self.ways if one.told and one is not way}
            if why is not None:
                troubles[way.name] = why
            for app in self.apps[:1]:
                with self.store.transaction(app, Cause("audit log")) as unit:
                    tell_news(unit, news_of_audit_heads(app, troubles))
            way.told = why


def ways_of(settings: Settings) -> list[Way]:
    """Return the ways out that are configured. Raises `ConfigurationError` where one cannot be used."""
    audit = require_audit(settings.audit)
    ways = []
    if audit.heads_url and audit.heads_secret:
        ways.append(Way("webhook", HeadWebhook(audit.heads_url, audit.heads_secret.get_secret_value(), SystemClock())))
    for line in audit.witnesses:
        url, _, text = line.partition(" ")
        key = VerifierKey.parse(text)
        ways.append(Way(f"witness {key.name}", witness=Witness(url, key, is_signed)))
    return ways


def carry_once(settings: Settings, store: SqlDatabase) -> dict[str, str]:
    """Carry the newest head along every way, and return by way why it does not get there. Raises as `ways_of` does."""
    courier = Courier(store, ways_of(settings), sorted(settings.apps))
    for way in courier.ways:
        courier.look(way)
    return {way.name: way.why for way in courier.ways if way.why}


@contextmanager
def carrying(settings: Settings, store: SqlDatabase) -> Iterator[None]:
    """Carry heads out, each way in a thread of its own, until the block ends. Raises as `ways_of` does."""
    courier, stop = Courier(store, ways_of(settings), sorted(settings.apps)), threading.Event()
    threads = [
        threading.Thread(target=courier.run, args=(way, stop), name=f"audit heads: {way.name}", daemon=True)
        for way in courier.ways
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(_PATIENCE)
