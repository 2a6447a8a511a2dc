"""Tell people: raise reasons, end them, write messages about them, and see to it that these arrive.

A reason is raised in the transaction of what raised it. A message is written with the fact that its reasons are told,
and delivered afterwards, outside of any transaction: at least once, and a failure fails nothing else.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from syncd.core.alarms import RunNews, StormRule, judge_freshness, judge_storm
from syncd.core.changes import Cause
from syncd.core.messages import Message, MessageKind
from syncd.core.notices import Notice, NoticeKind, Round, next_attempt, plan_round
from syncd.notifying import Delivery, NotDeliveredError, Notifier
from syncd.ports import Clock, Database, UnitOfWork

CLAIM_LASTS: Final = timedelta(minutes=5)
AT_A_TIME: Final = 20
KEPT: Final = timedelta(days=30)
"""How long delivered messages, and which accounts pushes closed, are kept."""

_CAUSE: Final = Cause("notifications")

_log = structlog.get_logger("syncd.notifications")


@dataclass(frozen=True, slots=True)
class Post:
    """What delivering works with. `period` is the least time between two messages about one reason."""

    database: Database
    notifiers: Mapping[str, Notifier]
    clock: Clock
    new_id: Callable[[], str]
    period: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a round of deliveries ended: how many messages arrived, will be tried again, and were given up."""

    arrived: int = 0
    failed: int = 0
    given_up: int = 0


# ------------------------------------------------------------------ raising


def raise_notice(unit: UnitOfWork, notice: Notice) -> None:
    """Keep, in the transaction of what is told, that it has to be told."""
    unit.notices.raise_notice(notice)


def end_reason(unit: UnitOfWork, reason: str) -> bool:
    """Write that a reason of the unit's application is over. Returns False when it did not stand."""
    return unit.notices.end(reason)


def tell_news(unit: UnitOfWork, news: RunNews) -> None:
    """Raise what a run has to tell, and end what it found to be over, in the transaction of the run's end."""
    raised = {notice.reason for notice in news.raised}
    for notice in news.raised:
        raise_notice(unit, notice)
    for standing in unit.notices.standing():
        if standing.notice.kind in news.settled and standing.notice.reason not in raised:
            end_reason(unit, standing.notice.reason)


# ------------------------------------------------------------------ watching


def watch_freshness(database: Database, app: str, allowed: timedelta, clock: Clock) -> None:
    """Raise or end the reason that no listing of the application's source was read completely for too long."""
    with database.reading(app) as unit:
        missed, stood = missed_freshness(unit, app, allowed, clock.now()), _stands(unit, NoticeKind.FRESHNESS_MISSED)
    if bool(missed) is not stood:
        _set(database, app, missed, NoticeKind.FRESHNESS_MISSED)


def missed_freshness(unit: UnitOfWork, app: str, allowed: timedelta, now: datetime) -> Notice | None:
    """Return the notice that no listing of the application's source was read completely for too long, or None."""
    last = unit.staging.last_sealed()
    return judge_freshness(app, last.sealed if last else None, unit.notices.known_since(), now, allowed)


def watch_push_storm(database: Database, app: str, rule: StormRule, clock: Clock) -> None:
    """Raise or end the reason that pushes close too many accounts at a time."""
    with database.reading(app) as unit:
        count = unit.notices.count_inbound(clock.now() - rule.window)
        stood, held = _stands(unit, NoticeKind.PUSH_STORM), unit.notices.push_hold().since is not None
    if held and rule.hold:
        return  # it stands until somebody releases it
    if held:  # holding is not asked for any more
        with database.transaction(app, _CAUSE) as unit:
            unit.notices.release_pushes(clock.now())
    storm = judge_storm(app, count, rule, standing=stood)
    if storm or stood:
        _set(database, app, storm, NoticeKind.PUSH_STORM)


def _stands(unit: UnitOfWork, kind: NoticeKind) -> bool:
    return any(one.notice.kind is kind and one.ended is None for one in unit.notices.standing())


def _set(database: Database, app: str, notice: Notice | None, kind: NoticeKind) -> None:
    with database.transaction(app, _CAUSE) as unit:
        if notice:
            raise_notice(unit, notice)
        else:
            end_reason(unit, kind.value)


# ------------------------------------------------------------------ delivering


def deliver_notices(post: Post, app: str) -> Delivered:
    """Write the messages that are due for one application, and deliver whatever waits; return how that went.

    Raises what the database does, never for a receiver.
    """
    if not post.notifiers:
        return Delivered()
    _write_messages(post, app)
    outcomes = [_deliver(post, app, delivery) for delivery in _claim(post, app)]
    return Delivered(outcomes.count("arrived"), outcomes.count("failed"), outcomes.count("given up"))


def tidy(post: Post, app: str) -> None:
    """Forget what was delivered long ago."""
    with post.database.transaction(app, _CAUSE) as unit:
        unit.notices.tidy(post.clock.now() - KEPT)


def _write_messages(post: Post, app: str) -> None:
    now = post.clock.now()
    with post.database.reading(app) as unit:
        due = _due(unit, now, post.period)
    if not (due.news or due.digest):
        return
    with post.database.transaction(app, _CAUSE) as unit:
        due = _due(unit, now, post.period)
        kinds = dict.fromkeys(due.news, MessageKind.NOTICE) | {due.digest: MessageKind.DIGEST}
        for told, kind in kinds.items():
            ours = unit.notices.mark_told(told, digest=kind is MessageKind.DIGEST)
            if ours:
                unit.notices.queue(Message(post.new_id(), kind, app, now, ours), post.notifiers.keys())


def _due(unit: UnitOfWork, now: datetime, period: timedelta) -> Round:
    return plan_round(unit.notices.standing(), now, period, unit.notices.last_digest())


def _claim(post: Post, app: str) -> tuple[Delivery, ...]:
    with post.database.reading(app) as unit:
        if not unit.notices.waiting():
            return ()
    with post.database.transaction(app, _CAUSE) as unit:
        return unit.notices.claim(AT_A_TIME, CLAIM_LASTS)


def _deliver(post: Post, app: str, delivery: Delivery) -> str:
    """Send one message, outside of any transaction, and write how it went."""
    notifier = post.notifiers.get(delivery.channel)
    if notifier is None:
        remedy = "Configure it again, or let its messages be given up"
        return _put_off(
            post, app, delivery, NotDeliveredError(delivery.channel, "is not configured now", remedy=remedy)
        )
    try:
        notifier.send(delivery.message)
    except NotDeliveredError as error:
        return _put_off(post, app, delivery, error)
    with post.database.transaction(app, _CAUSE) as unit:
        unit.notices.delivered(delivery)
    return "arrived"


def _put_off(post: Post, app: str, delivery: Delivery, error: NotDeliveredError) -> str:
    now = post.clock.now()
    again = next_attempt(delivery.attempts, delivery.message.made, now, error.asked)
    with post.database.transaction(app, _CAUSE) as unit:
        unit.notices.failed(delivery, again, str(error))
    _log.log(
        logging.WARNING if again else logging.ERROR,
        "notice not delivered" if again else "notice given up",
        app=app,
        channel=delivery.channel,
        message_id=delivery.message.id,
        attempt=delivery.attempts,
        why=str(error),
    )
    return "failed" if again else "given up"
