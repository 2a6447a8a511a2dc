"""The ways out: settings -> notifiers, and the thread that minds them in the worker."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, NamedTuple

import structlog

from syncd.bootstrap.stores import open_store
from syncd.bootstrap.system import SystemClock, new_id
from syncd.config import NotifySettings, Settings, require_notify
from syncd.core.messages import Message, MessageKind
from syncd.delivery import InTime, Mail, MailServer, Slack, Webhook
from syncd.notifying import NotDeliveredError, Notifier
from syncd.store import SqlDatabase
from syncd.workflows.notify import Post, deliver_notices, tidy, watch_freshness, watch_push_storm

MINDED_EVERY: Final = 60.0
"""Seconds between two looks at what has to be told."""

_TIDIED_EVERY: Final = 60
"""Looks between two at what can be forgotten."""

_PATIENCE: Final = 10.0
"""Seconds that a delivery in progress has to end when the worker stops; it is repeated by the next one otherwise."""

_log = structlog.get_logger("syncd.notifications")


def notifiers(notify: NotifySettings) -> dict[str, Notifier]:
    """Return every way that is set, by its name. Raises `ConfigurationError` when one of them cannot be used."""
    notify = require_notify(notify)
    ways: list[Notifier] = []
    if notify.webhook_url and notify.webhook_secret:
        ways.append(Webhook(notify.webhook_url, notify.webhook_secret.get_secret_value(), SystemClock()))
    if notify.slack_url:
        ways.append(Slack(notify.slack_url.get_secret_value()))
    if notify.smtp_host and notify.smtp_from:
        ways.append(Mail(_mail_server(notify, notify.smtp_host), notify.smtp_from, notify.smtp_to))
    return {way.channel: InTime(way) for way in ways}


def post_office(settings: Settings, store: SqlDatabase, ways: Mapping[str, Notifier]) -> Post:
    """Return what messages are delivered with."""
    return Post(store, ways, SystemClock(), new_id, timedelta(hours=settings.notify.digest_hours))


@contextmanager
def telling_afterwards(settings: Settings, app: str) -> Iterator[None]:
    """Look once at what has to be told when the block has ended, however it ended: for a run without a worker.

    Raises `ConfigurationError` when a way that is set cannot be used. Later failures are logged: the run is done.
    """
    ways = notifiers(settings.notify)
    try:
        yield
    finally:
        try:
            with open_store(settings) as store:
                mind_one(settings, post_office(settings, store, ways), app, tidying=True)
        except Exception:  # noqa: BLE001  # whatever it is, the run is done
            _log.exception("notifications failed", app=app)


class Trial(NamedTuple):
    """How a test message fared on one way: `failure` is None when it arrived."""

    channel: str
    failure: str | None


def try_notifiers(settings: Settings) -> Iterator[Trial]:
    """Send a test message on every way that is set, and yield how it fared. Raises `ConfigurationError`."""
    message = Message(new_id(), MessageKind.TEST, "", SystemClock().now())
    for channel, notifier in notifiers(settings.notify).items():
        try:
            notifier.send(message)
        except NotDeliveredError as error:
            yield Trial(channel, str(error))
        else:
            yield Trial(channel, None)


# ------------------------------------------------------------------ the worker's part


@contextmanager
def minding(settings: Settings, store: SqlDatabase) -> Iterator[None]:
    """Watch and deliver once a minute, in a thread of its own, until the block ends.

    Raises `ConfigurationError` when a way that is set cannot be used; later failures are logged, and tried again.
    """
    post, stop = post_office(settings, store, notifiers(settings.notify)), threading.Event()
    thread = threading.Thread(target=_mind, args=(settings, post, stop), name="notifications", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_PATIENCE)


def _mind(settings: Settings, post: Post, stop: threading.Event) -> None:
    looks = 0
    while not stop.is_set():
        for app in settings.apps:
            try:
                mind_one(settings, post, app, tidying=looks % _TIDIED_EVERY == 0)
            except BaseException:  # noqa: BLE001  # nobody else is there to tell it to, and the next minute may do better
                _log.exception("notifications failed", app=app)
        looks += 1
        stop.wait(MINDED_EVERY)


def mind_one(settings: Settings, post: Post, app: str, *, tidying: bool = False) -> None:
    """Look once at what has to be told of one application, and deliver it."""
    chosen = settings.apps[app]
    watch_freshness(post.database, app, timedelta(hours=chosen.freshness_hours), post.clock)
    watch_push_storm(post.database, app, chosen.storm_rule(), post.clock)
    deliver_notices(post, app)
    if tidying:
        tidy(post, app)


def _mail_server(notify: NotifySettings, host: str) -> MailServer:
    password = notify.smtp_password.get_secret_value() if notify.smtp_password else None
    return MailServer(host, notify.smtp_port, notify.smtp_tls, notify.smtp_username, password)
