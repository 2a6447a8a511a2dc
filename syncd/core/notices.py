"""What somebody has to be told, and when: one message for each reason, then a digest while it stands.

A reason is a matter that stands until it ends ("the plan of crm is blocked"), however often it is seen meanwhile. It is
told once. While it goes on it is told again at most once a period, together with whatever else goes on. One that ended
and comes again is told anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class NoticeKind(StrEnum):
    """What a notice is about. The names are stable: receivers rely on them."""

    QUARANTINE = "quarantine"
    PUSH_STORM = "push-storm"
    PROTECTED_DRIFT = "protected-drift"
    SOURCE_UNHEALTHY = "source-unhealthy"
    FRESHNESS_MISSED = "freshness-missed"
    LATE_REVOCATION = "late-revocation"
    RUN_FAILED = "run-failed"
    AUDIT_LOG = "audit-log"
    AUDIT_HEADS = "audit-heads"


class Severity(StrEnum):
    """How much of a hurry there is: critical means that access may be wrong now, or that nobody would know."""

    CRITICAL = "critical"
    WARNING = "warning"


SEVERITIES: Final = {
    NoticeKind.QUARANTINE: Severity.WARNING,
    NoticeKind.PUSH_STORM: Severity.CRITICAL,
    NoticeKind.PROTECTED_DRIFT: Severity.CRITICAL,
    NoticeKind.SOURCE_UNHEALTHY: Severity.WARNING,
    NoticeKind.FRESHNESS_MISSED: Severity.CRITICAL,
    NoticeKind.LATE_REVOCATION: Severity.CRITICAL,
    NoticeKind.RUN_FAILED: Severity.WARNING,
    NoticeKind.AUDIT_LOG: Severity.CRITICAL,
    NoticeKind.AUDIT_HEADS: Severity.CRITICAL,
}

AT_ONCE: Final = 5
"""New reasons of one application up to which each has a message of its own; more are told in one message."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that an operator of one application has to know.

    `title` is one line, `lines` are what is known, `remedy` is what to do next; all are for people. `about` tells
    reasons of one kind apart, and is empty where there can only be one. `run_id` is that of the run that saw it.
    """

    app: str
    kind: NoticeKind
    title: str
    remedy: str
    lines: tuple[str, ...] = ()
    about: str = ""
    run_id: str | None = None

    @property
    def reason(self) -> str:
        """The name of the reason within its application: two notices of one reason are one matter."""
        return f"{self.kind}:{self.about}" if self.about else self.kind.value

    @property
    def severity(self) -> Severity:
        """How much of a hurry there is."""
        return SEVERITIES[self.kind]


@dataclass(frozen=True, slots=True)
class Standing:
    """A reason as it is kept: its youngest notice, when it was seen first and last, and how often.

    `told` is when it was told last, alone or in a digest, None when never since it came up. `ended` is when it was
    over, None while it stands.
    """

    notice: Notice
    first: datetime
    last: datetime
    times: int
    told: datetime | None = None
    ended: datetime | None = None


class Telling(StrEnum):
    """What is to be done about a reason now."""

    TELL_NOW = "tell-now"
    HOLD_FOR_DIGEST = "hold-for-digest"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Round:
    """What to tell of one application now: each of `news` is the reasons of one message; `digest` is one, or empty."""

    news: tuple[tuple[Standing, ...], ...] = ()
    digest: tuple[Standing, ...] = ()


def decide(standing: Standing, now: datetime, period: timedelta) -> Telling:
    """Return whether a reason is to be told at once, with the next digest, or not now.

    One that was over before anybody could be told is told all the same, unless that is longer than a period ago.
    """
    if standing.told is None:
        over_long = standing.ended is not None and now - standing.ended >= period
        return Telling.TOLD if over_long else Telling.TELL_NOW
    if standing.ended is not None or now - standing.told < period:
        return Telling.TOLD
    return Telling.HOLD_FOR_DIGEST


def plan_round(standings: Iterable[Standing], now: datetime, period: timedelta, digested: datetime | None) -> Round:
    """Return what to tell of one application now. `digested` is when its last digest was, None when there was none.

    No reason is told twice within a period, and no digest comes within a period of the last. So a reason that stands is
    told again after one period at the earliest and two at the latest.
    """
    decided = [(decide(one, now, period), one) for one in standings]
    new = sorted((one for what, one in decided if what is Telling.TELL_NOW), key=_urgency)
    held = sorted((one for what, one in decided if what is Telling.HOLD_FOR_DIGEST), key=_urgency)
    news = ((one,) for one in new) if len(new) <= AT_ONCE else [tuple(new)]
    due = digested is None or now - digested >= period
    return Round(tuple(news), tuple(held) if due else ())


def _urgency(standing: Standing) -> tuple[bool, datetime, str]:
    return standing.notice.severity is not Severity.CRITICAL, standing.first, standing.notice.reason


# ------------------------------------------------------------------ delivery

RETRIES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60))
"""How long to wait after each attempt in a row that failed; after the last of them, always that long."""

GIVEN_UP_AFTER: Final = timedelta(hours=72)


def next_attempt(attempts: int, made: datetime, now: datetime, asked: timedelta | None = None) -> datetime | None:
    """Return when to try again to deliver a message, after so many `attempts`, or None when it is given up.

    `made` is when the message was written. `asked` is how long the receiver asked us to wait; it is heeded up to the
    longest wait of our own.
    """
    if now - made >= GIVEN_UP_AFTER:
        return None
    own = RETRIES[min(max(attempts, 1), len(RETRIES)) - 1]
    return now + max(own, min(asked or own, RETRIES[-1]))
