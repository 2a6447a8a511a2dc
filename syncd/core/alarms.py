"""When something is a matter for a notice: what a run came to, and what is watched between runs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from syncd.core.notices import Notice, NoticeKind
from syncd.core.policy import in_words
from syncd.core.reports import DriftReport
from syncd.core.situations import Situation

NAMED: Final = 10
"""How many accounts a notice names; of more it tells how many there are."""

_WITHOUT_ASSIGNMENT: Final = frozenset(
    {Situation.ORPHAN_UNASSIGNED, Situation.ORPHAN_GONE, Situation.ZOMBIE_DEPROVISIONED}
)


@dataclass(frozen=True, slots=True)
class RunNews:
    """What a run has to tell. Of the kinds in `settled` it knows all: what it does not raise of them is over."""

    raised: tuple[Notice, ...]
    settled: frozenset[NoticeKind]


@dataclass(frozen=True, slots=True)
class Revocation:
    """An account whose assignment was gone from `removed` on; `closed` is when it was closed, None while it is open."""

    user_name: str
    removed: datetime
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class StormRule:
    """More than `deactivations` pushed ones within `window` are a storm. With 0 nothing ever is.

    They are honoured, unless it says `hold`: then what is beyond is refused until a person releases it.
    """

    deactivations: int
    window: timedelta
    hold: bool = False

    def is_broken_by(self, deactivations: int) -> bool:
        """Return whether so many within the window are a storm."""
        return 0 < self.deactivations < deactivations


# ------------------------------------------------------------------ what a run came to


def news_of_report(report: DriftReport, closed: Collection[str], sla: timedelta) -> RunNews:
    """Return what a run that could read its source has to tell.

    `closed` are the ids of the accounts that it closed, `sla` is how long after the end of an assignment an account may
    stay open, 0 when nobody asks.
    """
    raised = [
        *_quarantine(report),
        *_protected_drift(report),
        *filter(None, [judge_revocations(report.app, _revocations(report, closed), report.sealed, sla)]),
    ]
    return RunNews(
        tuple(raised),
        frozenset(
            {
                NoticeKind.QUARANTINE,
                NoticeKind.PROTECTED_DRIFT,
                NoticeKind.LATE_REVOCATION,
                NoticeKind.SOURCE_UNHEALTHY,
                NoticeKind.FRESHNESS_MISSED,
                NoticeKind.RUN_FAILED,
            }
        ),
    )


def news_of_unhealthy_source(app: str, run_id: str, fault: str, message: str) -> RunNews:
    """Return what a run has to tell that could not read its source: `fault` names why, `message` says it in words."""
    notice = Notice(
        app=app,
        kind=NoticeKind.SOURCE_UNHEALTHY,
        title=f"{app}: Okta could not be read completely ({fault})",
        lines=(message, "Nothing was changed. Until it can be read, nobody who has left is found."),
        remedy=f"Put right what it says, then run: syncd drift-report --app {app}",
        about=fault,
        run_id=run_id,
    )
    return RunNews((notice,), frozenset({NoticeKind.SOURCE_UNHEALTHY}))


def news_of_failure(app: str, run_id: str, error: str) -> RunNews:
    """Return what a run has to tell that ended in an error; `error` is the name of its type, never its text."""
    notice = Notice(
        app=app,
        kind=NoticeKind.RUN_FAILED,
        title=f"{app}: a run ended in an error ({error})",
        lines=("What it had done until then is in the audit trail; the next run does the rest.",),
        remedy="Read what the log says at that time; a traceback there is a bug in syncd: report it",
        run_id=run_id,
    )
    return RunNews((notice,), frozenset({NoticeKind.RUN_FAILED}))


def news_of_audit_log(app: str, about: str | None, message: str = "") -> RunNews:
    """Return what is to be told of the audit log: `about` says in a word what is wrong, None that nothing is."""
    settled = frozenset({NoticeKind.AUDIT_LOG})
    if about is None:
        return RunNews((), settled)
    notice = Notice(
        app=app,
        kind=NoticeKind.AUDIT_LOG,
        title=f"the audit log needs somebody ({about})",
        lines=(message, "What happens is written as before; until this is put right, it can be changed unseen."),
        remedy="Run: syncd audit verify",
        about=about,
    )
    return RunNews((notice,), settled)


def news_of_audit_heads(app: str, troubles: Mapping[str, str]) -> RunNews:
    """Return what is to be told of the heads of the audit log: why they do not get where they should, by way."""
    settled = frozenset({NoticeKind.AUDIT_HEADS})
    if not troubles:
        return RunNews((), settled)
    notice = Notice(
        app=app,
        kind=NoticeKind.AUDIT_HEADS,
        title="heads of the audit log do not get where they should",
        lines=tuple(f"{way}: {why}" for way, why in sorted(troubles.items())),
        remedy="Put right what it says; where a witness contradicts, run: syncd audit verify",
    )
    return RunNews((notice,), settled)


def _quarantine(report: DriftReport) -> Iterable[Notice]:
    if report.verdict.allowed:
        return
    yield Notice(
        app=report.app,
        kind=NoticeKind.QUARANTINE,
        title=f"{report.app}: the plan is blocked",
        lines=(
            *map(str, report.verdict.standing),
            f"Plan {report.plan.digest} has {len(report.plan.items)} repairs. None of them was carried out.",
        ),
        remedy=(
            f"Read it: syncd quarantine list --app {report.app}. "
            f'When it is right: syncd quarantine release ID --app {report.app} --by NAME --reason "..."'
        ),
        run_id=report.run_id,
    )


def _protected_drift(report: DriftReport) -> Iterable[Notice]:
    for finding in report.findings:
        if finding.situation is Situation.PROTECTED_DRIFT and finding.account is not None:
            account = finding.account
            yield Notice(
                app=report.app,
                kind=NoticeKind.PROTECTED_DRIFT,
                title=f"{report.app}: the protected account {account.user_name} is in drift ({finding.base})",
                lines=(finding.reason, "syncd never touches a protected account."),
                remedy=f"Look at it now: syncd explain --app {report.app} {account.id}",
                about=account.id,
                run_id=report.run_id,
            )


def _revocations(report: DriftReport, closed: Collection[str]) -> Iterable[Revocation]:
    """Yield the accounts without an assignment of which it is known since when.

    That is when Okta says that it took the assignment away, or else when the first snapshot that missed them was
    sealed: the assignment ended before that, so what is late by this is late indeed.
    """
    for finding in report.findings:
        account, absence = finding.account, finding.subject.absence
        since = finding.subject.removed or (absence.since if absence else None)
        if account and since and account.active and finding.situation in _WITHOUT_ASSIGNMENT:
            yield Revocation(account.user_name, since, report.sealed if account.id in closed else None)


# ------------------------------------------------------------------ what is watched between runs


def judge_revocations(app: str, revocations: Iterable[Revocation], now: datetime, sla: timedelta) -> Notice | None:
    """Return the notice about accounts that stayed open longer than `sla` after their assignment ended, or None.

    An `sla` of 0 never is missed.
    """
    late = [(one, taken) for one in revocations if (taken := (one.closed or now) - one.removed) > sla]
    if not late or not sla:
        return None
    late.sort(key=lambda pair: (-pair[1], pair[0].user_name))
    still_open = sum(one.closed is None for one, _ in late)
    named = [
        f"{one.user_name}: {in_words(taken)}, {'still open' if one.closed is None else 'closed now'}"
        for one, taken in late[:NAMED]
    ]
    more = [f"... and {len(late) - NAMED} more"] if len(late) > NAMED else []
    return Notice(
        app=app,
        kind=NoticeKind.LATE_REVOCATION,
        title=f"{app}: {len(late)} kept access for more than {in_words(sla)}, {still_open} still have it",
        lines=(*named, *more),
        remedy=f"Find out why pushes got lost, and whether runs may repair: syncd drift-report --app {app}",
    )


def judge_freshness(
    app: str, sealed: datetime | None, known_since: datetime, now: datetime, allowed: timedelta
) -> Notice | None:
    """Return the notice that no listing of the source was read completely for longer than `allowed`, or None.

    `sealed` is when the last one was, None when none ever was: then the time counts from when the application became
    known. An `allowed` of 0 never is missed. This is the dead man's switch: it needs no run to notice that none was.
    """
    since = sealed or known_since
    if not allowed or now - since <= allowed:
        return None
    last = f"The last one was read at {sealed:%Y-%m-%d %H:%M} UTC." if sealed else "None was ever read."
    return Notice(
        app=app,
        kind=NoticeKind.FRESHNESS_MISSED,
        title=f"{app}: no complete listing from Okta for more than {in_words(allowed)}",
        lines=(last, "Whoever has left since then, and whose push got lost, still has an account."),
        remedy=f"See whether the nightly run runs, and what it says: syncd drift-report --app {app}",
    )


def judge_storm(app: str, deactivations: int, rule: StormRule, *, standing: bool) -> Notice | None:
    """Return the notice about a storm of pushed deactivations (invariant I21), or None.

    `deactivations` were pushed within the rule's window. One that is `standing` lasts until no more than half of what
    is allowed are, so that it does not come and go.
    """
    most = rule.deactivations // 2 if standing else rule.deactivations
    if not rule.deactivations or deactivations <= most:
        return None
    minutes = rule.window // timedelta(minutes=1)
    return Notice(
        app=app,
        kind=NoticeKind.PUSH_STORM,
        title=f"{app}: {deactivations} accounts were closed by pushes within {minutes} minutes",
        lines=(
            f"More than {rule.deactivations} in {minutes} minutes are a storm (storm_deactivations, storm_minutes).",
            "The pushes were honoured.",
        ),
        remedy=f"See who it was, and how to open them again if it was a mistake: syncd storm list --app {app}",
    )


def storm_held(app: str, rule: StormRule) -> Notice:
    """Return the notice about a storm of pushed deactivations of which the rest is refused from now on."""
    minutes = rule.window // timedelta(minutes=1)
    return Notice(
        app=app,
        kind=NoticeKind.PUSH_STORM,
        title=f"{app}: pushes that close accounts are held: more than {rule.deactivations} within {minutes} minutes",
        lines=(
            f"The first {rule.deactivations} were honoured. The others are refused, and these people keep access.",
            "Other pushes are taken as ever.",
        ),
        remedy=f"See who it was: syncd storm list --app {app}. If it is right: syncd storm release --app {app}",
    )
