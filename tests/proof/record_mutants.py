"""What keeps the record and the pushes honest, taken away: the log that goes on, the watch for storms, the order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import select

from syncd.core import guard
from syncd.core.alarms import StormRule
from syncd.core.changes import Cause
from syncd.ports import UnitOfWork
from syncd.store import audit_log as stored_log
from syncd.store import inbound
from syncd.store.audit_tables import audit_head
from syncd.workflows import apply_plan as kernel
from syncd.workflows import hold_storm, notify, undo_storm
from syncd.workflows import survey as surveying
from tests.proof.mutants import Mutant, swap


def _former_ones_seal() -> Any:
    """Let a sequencer go on that was overtaken."""
    return swap(stored_log, "_EXTEND", select(audit_head.c.token))


def _storms_of_all_time() -> Any:
    """Count what was closed at any time."""
    real = inbound.count
    return swap(inbound, "count", lambda scope, _since: real(scope, 0))


def _refused_too_late() -> Any:
    """Refuse a push when it is written already."""

    @contextmanager
    def transaction(one: Any, app: str, cause: Cause) -> Iterator[UnitOfWork]:
        rule = one._rules.get(app)
        with one._database.transaction(app, cause) as unit:
            yield unit
            refused = rule and unit.notices.taken() and hold_storm._is_held(unit, rule, one._clock.now())
        if refused:
            one._hold(app, rule)
            raise hold_storm.PushHeldError

    return swap(hold_storm.HoldingDatabase, "transaction", transaction)


def _held_for_a_window() -> Any:
    """Hold no longer than there is a storm, whether somebody has looked at it or not."""

    def is_held(unit: UnitOfWork, rule: StormRule, now: Any) -> bool:
        released = unit.notices.push_hold().released_until
        if released and now < released:
            return False
        return rule.is_broken_by(unit.notices.count_inbound(max(now - rule.window, released or now - rule.window)))

    return swap(hold_storm, "_is_held", is_held)


LOG_MUTANTS: Final[Mapping[str, Mutant]] = {
    "a log that does not go on stops nothing": lambda: swap(surveying, "judge_record", lambda _: ()),
    "a log that stops while a plan is carried out": lambda: swap(kernel, "judge_record", lambda _: ()),
    "an approval goes beyond the log": lambda: swap(guard, "NEVER_OVERRULED", frozenset()),
    "no fencing of the log": _former_ones_seal,
}
"""What is taken away from the log, by name."""

STORM_MUTANTS: Final[Mapping[str, Mutant]] = {
    "no storm is told": lambda: swap(notify, "judge_storm", lambda *_, **__: None),
    "a storm is of all time": _storms_of_all_time,
    "what is refused is written": _refused_too_late,
    "a hold ends by itself": _held_for_a_window,
    "the undo opens what has changed since": lambda: swap(undo_storm, "_objection", lambda *_: None),
}
"""What is taken away from the watch for storms, by name."""
