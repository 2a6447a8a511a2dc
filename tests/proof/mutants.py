"""Every guard, taken away: what the schedules have to notice.

A mutant is a switch that exists only here. It replaces what the guard says, and is put back.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select

from syncd.core import classification, consents, guard, planning
from syncd.core.classification import Said
from syncd.core.policy import Policy
from syncd.core.subjects import Account, Candidate, LinkKey, Lookup, Origin, Presence, Subject
from syncd.ports import OutcomeKind, SourceUnhealthyError
from syncd.store import comparison, confirmations, decisions, leases
from syncd.store import runs as ledger
from syncd.store.accounts import account_of
from syncd.store.decision_tables import approval, waiver
from syncd.workflows import apply_plan as kernel
from syncd.workflows import follow_events as following
from syncd.workflows import reconcile_subjects as singly
from syncd.workflows import snapshot as walking
from syncd.workflows import survey as surveying
from syncd.workflows.follow_events import Watch

Mutant = Callable[[], Any]
NEVER_ALIVE: Final = 2_000
"""Schedules within which every mutant has to be noticed."""


@contextmanager
def swap(target: Any, name: str, value: Any) -> Iterator[None]:
    kept = getattr(target, name)
    setattr(target, name, value)
    try:
        yield
    finally:
        setattr(target, name, kept)


@contextmanager
def together(*switches: Any) -> Iterator[None]:
    if not switches:
        yield
        return
    with switches[0], together(*switches[1:]):
        yield


def without_check(said: str) -> Any:
    """Take one row out of the table of checks."""
    rows = tuple(row for row in guard.CHECKS if row[0] != said)
    if len(rows) == len(guard.CHECKS):
        raise AssertionError(said)
    return swap(guard, "CHECKS", rows)


def without_judge(*names: str) -> Any:
    judges = tuple(judge for judge in guard._JUDGES if judge.__name__ not in names)
    if len(judges) + len(names) != len(guard._JUDGES):
        raise AssertionError(names)
    return swap(guard, "_JUDGES", judges)


def _no_seal_check() -> Any:
    """Take a page that fails for the end of the listing."""
    real = walking._stage_pages

    class Shortened:
        def __init__(self, source: Any) -> None:
            self._source = source

        def __getattr__(self, name: str) -> Any:
            return getattr(self._source, name)

        def pages(self, resume: str | None = None) -> Iterator[Any]:
            try:
                yield from self._source.pages(resume)
            except SourceUnhealthyError:
                return

    def short(desk: Any, *rest: Any) -> Any:
        return real(replace(desk, source=Shortened(desk.source)), *rest)

    return swap(walking, "_stage_pages", short)


def _version_read_late() -> Any:
    """Take the version that an account has when it is compared for the one from before page one."""
    real = account_of
    return swap(comparison, "account_of", lambda row, _walked=None: real(row, row.version))


def _unknown_is_absent() -> Any:
    said = {**classification.LOOKUP_SAYS, Presence.UNKNOWN: Said.WITHDRAWN, Presence.ASSIGNED: Said.WITHDRAWN}
    return together(
        swap(classification, "LOOKUP_SAYS", said),
        swap(kernel, "refutes", lambda _item, lookup: "there" if lookup.presence is Presence.ASSIGNED else None),
    )


def _no_admins_kept() -> Any:
    return together(without_check("enough administrators stay"), swap(planning, "_takes_an_admin", lambda *_: False))


def _everybody_is_ours() -> Any:
    """Take every account that is compared for one that came over SCIM."""
    real = account_of

    def ours(row: Any, walked: int | None = None) -> Account:
        return replace(real(row, walked), origin=Origin.SCIM)

    return together(swap(comparison, "account_of", ours), without_check("the account is one that syncd manages"))


def _audit_after_effect() -> Any:
    return swap(ledger.SqlRuns, "intend", lambda *_: None)


def _expiry_ignored() -> Any:
    every: Any = select(waiver).where(waiver.c.app == bindparam("of_app"))
    return together(
        swap(decisions, "_WAIVERS", every),
        swap(consents.Waiver, "covers", lambda one, situation, _now: one.situation in (None, situation)),
    )


def _approval_for_good() -> Any:
    """Never use an approval up."""
    return swap(decisions.SqlDecisions, "use_approval", lambda *_: None)


def _any_plan_is_approved() -> Any:
    """Let an approval of one plan pass for another one."""
    every: Any = select(approval).where(approval.c.app == bindparam("of_app")).order_by(approval.c.pk.desc()).limit(1)
    return swap(decisions, "_APPROVAL", every)


def _no_threshold() -> Any:
    return without_judge("_total")


def _no_budget() -> Any:
    return together(without_judge("_budget"), without_check("the budget is not used up"))


def _nobody_protected() -> Any:
    return swap(Policy, "protects", lambda _policy, _account: False)


def _without_check_of_marks() -> Any:
    said = {"the account is not protected", "the account is neither on hold nor exempt"}
    return swap(guard, "CHECKS", tuple(row for row in guard.CHECKS if row[0] not in said))


def _established_at_once() -> Any:
    return swap(planning, "_waits", lambda *_: None)


def _grants_at_will() -> Any:
    def not_due(_desk: Any, item: Any, _work: Any) -> Any:
        return (OutcomeKind.WAITING, item.waits) if item.waits else None

    return swap(kernel, "_not_due", not_due)


def _cursor_advanced_on_failure() -> Any:
    """Go on behind what could not be read."""
    real = following._follow

    def follow(watch: Watch, clause: str, *, resume: bool) -> Iterator[int]:
        try:
            yield from real(watch, clause, resume=resume)
        except SourceUnhealthyError:
            with watch.database.transaction(watch.app, watch.cause()) as unit:
                if clause in unit.hints.positions():
                    latest = len(watch.log.written[clause])  # type: ignore[attr-defined]  # of the fake
                    place = replace(unit.hints.positions()[clause].place, cursor=f"after:{latest}")
                    unit.hints.note(clause, place, ())
            raise

    return swap(following, "_follow", follow)


def _hint_is_a_fact() -> Any:
    def subject(account: Account, _lookup: Lookup, removed: datetime | None = None) -> Subject:
        gone = Lookup(Presence.UNASSIGNED, "so says the log")
        return Subject(None, (Candidate(account, frozenset({LinkKey.OKTA_USER_ID})),), gone, removed=removed)

    return together(swap(singly, "subject_of", subject), swap(kernel, "refutes", lambda *_: None))


class _NothingToDo:
    """A statement that does nothing."""

    def all(self, *_: object, **__: object) -> tuple[()]:
        return ()


def _in_any_order() -> Any:
    """Find in an order that is another one each time, and leave effects in it."""
    real, rng = planning.make_plan, random.Random(0)

    def make(app: str, findings: Sequence[Any], *rest: Any) -> Any:
        return real(app, rng.sample(findings, len(findings)), *rest)

    return together(
        swap(surveying, "make_plan", make),
        swap(planning, "_order_of_finding", lambda *_: 0),
        swap(planning, "order_of_item", lambda _: 0),
    )


DELTA_MUTANTS: Final[Mapping[str, Mutant]] = {
    "cursor advanced on failure": _cursor_advanced_on_failure,
    "a hint acted on as a fact": _hint_is_a_fact,
}
"""What is taken away from the delta feed, by name."""

REVIEW_MUTANTS: Final[Mapping[str, Mutant]] = {
    "a rejection that was taken back": lambda: without_check("the review's rejection stands"),
    "access for who is rejected": lambda: without_check("no access review rejects it"),
    "a rejection without an approval": _grants_at_will,
}
"""What is taken away from what follows an access review, by name."""

LONG_MUTANTS: Final[Mapping[str, Mutant]] = {"no budget": _no_budget}
"""What is taken away of what is added up over many runs, by name."""

WALK_MUTANTS: Final[Mapping[str, Mutant]] = {
    "what a walk had read that died is of now": lambda: swap(confirmations, "_HAND_OVER", _NothingToDo()),
}
"""What is taken away from walks that are taken up, by name."""

MUTANTS: Final[Mapping[str, Mutant]] = {
    "a plan in any order": _in_any_order,
    "a failed page ends the listing": _no_seal_check,
    "no size band": lambda: swap(walking, "judge_listing", lambda *_: None),
    "no question before the effect": lambda: swap(kernel, "needs_lookup", lambda *_: False),
    "no comparison of versions": lambda: without_check("the account is as it was before the listing"),
    "a push that changes nothing is none": lambda: without_check("no push has confirmed it since the run began"),
    "version read late": _version_read_late,
    "no threshold": _no_threshold,
    "nobody is protected": _nobody_protected,
    "marks count in the plan only": _without_check_of_marks,
    "no administrator has to stay": _no_admins_kept,
    "no fencing": lambda: swap(leases, "hold", lambda *_: None),
    "no intention before the effect": _audit_after_effect,
    "unknown taken for absent": _unknown_is_absent,
    "waivers never end": _expiry_ignored,
    "waivers are not looked at in the effect": lambda: without_check("no waiver covers it"),
    "approvals are never used up": _approval_for_good,
    "an approval is of any plan": _any_plan_is_approved,
    "accounts of others are ours": _everybody_is_ours,
    "missing once is enough": _established_at_once,
    "what is proposed happens": _grants_at_will,
}
"""What is taken away, by name."""
