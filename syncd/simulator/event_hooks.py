"""Event hooks: the org posts what it writes into its log, at least once, in no order (Okta: event hooks)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson
import requests

from syncd.simulator.errors import invalid
from syncd.simulator.identifiers import IdFactory
from syncd.simulator.log_routes import show
from syncd.simulator.system_log import LogEvent

PATIENCE_SECONDS: Final = 3.0
ATTEMPTS: Final = 2
REPEATED_EVERY: Final = 4
"""How many attempts lie between two that are made twice without need: who listens has to bear it."""

_CHALLENGE: Final = "x-okta-verification-challenge"
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class EventHook:
    """Where events of these types are posted, with this Authorization header; no types stand for all."""

    id: str
    url: str
    authorization: str = field(repr=False)
    event_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt: `status` is None where no answer came within three seconds."""

    hook_id: str
    event_type: str
    uuid: str
    status: int | None


class EventHooks:
    """The hooks of an org. Posts in a thread of its own, which begins with the first hook."""

    def __init__(self, ids: IdFactory, now: Callable[[], str]) -> None:
        self._ids, self._now = ids, now
        self._hooks: list[EventHook] = []
        self._queue: SimpleQueue[tuple[EventHook, LogEvent] | None] = SimpleQueue()
        self._open = 0
        self._changed = Condition()
        self._deliveries: list[HookDelivery] = []
        self._session = requests.Session()
        self._session.trust_env = False
        self._worker: Thread | None = None

    def register(self, url: str, authorization: str, event_types: Iterable[str] = ()) -> EventHook:
        """Verify an endpoint with the one GET that Okta sends, and post to it from now on. Raises `OktaError` 400."""
        hook = EventHook(self._ids.make("who"), url, authorization, frozenset(event_types))
        challenge = self._ids.make("cha")
        try:
            headers = {_CHALLENGE: challenge, "Authorization": authorization}
            answer = self._session.get(url, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False)
            verified = answer.status_code == requests.codes.ok and answer.json() == {"verification": challenge}
        except (requests.RequestException, ValueError):
            verified = False
        if not verified:
            raise invalid("url", "The endpoint did not answer the verification challenge")
        if self._worker is None:
            self._worker = Thread(target=self._work, name="okta-event-hooks", daemon=True)
            self._worker.start()
        self._hooks.append(hook)
        return hook

    def tell(self, event: LogEvent) -> None:
        """Queue an event for every hook that wants it."""
        for hook in self._hooks:
            if not hook.event_types or event.event_type in hook.event_types:
                with self._changed:
                    self._open += 1
                self._queue.put((hook, event))

    def deliveries(self) -> tuple[HookDelivery, ...]:
        """Return every attempt, oldest first."""
        return tuple(self._deliveries)

    def drain(self, timeout_seconds: float) -> None:
        """Wait until everything that was queued has been tried. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, timeout_seconds):
                raise TimeoutError(f"{self._open} events are still waiting after {timeout_seconds:g} s")

    def stop(self) -> None:
        """End the thread after the delivery it is in."""
        self._queue.put(None)
        if self._worker is not None:
            self._worker.join(ATTEMPTS * PATIENCE_SECONDS + 1)
        self._session.close()

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            waiting, ended = self._waiting()
            for hook, event in (*reversed(waiting), first):
                self._deliver(hook, event)
                with self._changed:
                    self._open -= 1
                    self._changed.notify_all()
            if ended:
                return

    def _waiting(self) -> tuple[list[tuple[EventHook, LogEvent]], bool]:
        """Return what else is in the queue, and whether its end is."""
        found: list[tuple[EventHook, LogEvent]] = []
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                return found, False
            if item is None:
                return found, True
            found.append(item)

    def _deliver(self, hook: EventHook, event: LogEvent) -> None:
        body = orjson.dumps(self._message(hook, event))
        for _ in range(ATTEMPTS):
            if not self._post(hook, event, body):
                break
        if len(self._deliveries) % REPEATED_EVERY == 0:
            self._post(hook, event, body)

    def _post(self, hook: EventHook, event: LogEvent, body: bytes) -> bool:
        """Post once, and return whether Okta would try again: after a 5xx and where no answer came in time."""
        headers = {"Authorization": hook.authorization, "Content-Type": "application/json", "User-Agent": "Okta"}
        status = None
        try:
            answer = self._session.post(
                hook.url, data=body, headers=headers, timeout=PATIENCE_SECONDS, allow_redirects=False
            )
            status = answer.status_code
        except requests.RequestException:
            pass
        self._deliveries.append(HookDelivery(hook.id, event.event_type, event.uuid, status))
        return status is None or status >= _SERVER_ERROR

    def _message(self, hook: EventHook, event: LogEvent) -> dict[str, Any]:
        return {
            "eventType": "com.okta.event_hook",
            "eventTypeVersion": "1.0",
            "cloudEventsVersion": "0.1",
            "contentType": "application/json",
            "source": f"/api/v1/eventHooks/{hook.id}",
            "eventId": str(uuid5(NAMESPACE_URL, f"{hook.id}/{event.uuid}")),
            "eventTime": self._now(),
            "data": {"events": [show(event)]},
        }
