"""Refuse what is beyond a storm of pushed deactivations until a person releases it, where an operator asks for that."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Final

from scim.errors import TooManyRequests
from syncd.core.alarms import StormRule, storm_held
from syncd.core.changes import Action, Cause
from syncd.core.notices import NoticeKind
from syncd.ports import Clock, Database, UnitOfWork
from syncd.workflows.notify import end_reason, raise_notice

COME_BACK_AFTER: Final = 300
"""Seconds. Okta comes back after 429; a refusal of another kind it would not repeat."""


class PushHeldError(TooManyRequests):
    """The push would close an account while such pushes are held. Nothing of it was written."""

    def __init__(self) -> None:
        super().__init__(
            "So many accounts were deactivated in so short a time that more are held until an operator of this server "
            "has looked at it. Nothing was changed; try again later.",
            COME_BACK_AFTER,
        )


class HoldingDatabase:
    """A database of which a transaction that closes accounts for a push may be refused; see `syncd.ports.Database`.

    `rules` has the applications that ask for it. A refused transaction is rolled back and raises `PushHeldError`.
    """

    def __init__(self, database: Database, rules: Mapping[str, StormRule], clock: Clock) -> None:
        self._database, self._rules, self._clock = database, rules, clock

    @contextmanager
    def transaction(self, app: str, cause: Cause) -> Iterator[UnitOfWork]:
        """Open a unit of work that may write. Raises `PushHeldError` at its end, besides what the database raises."""
        rule = self._rules.get(app)
        try:
            with self._database.transaction(app, cause) as unit:
                yield unit
                if rule:
                    _refuse(unit, rule, self._clock.now())
        except PushHeldError:
            if rule:
                self._hold(app, rule)
            raise

    def reading(self, app: str) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that sees one state of the database and may not write."""
        return self._database.reading(app)

    def asking(self, app: str) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work for questions."""
        return self._database.asking(app)

    def _hold(self, app: str, rule: StormRule) -> None:
        """Write that pushes are held from now on, and tell it; in a transaction of its own, as the push's is undone."""
        with self._database.reading(app) as unit:
            if unit.notices.push_hold().since:
                return
        with self._database.transaction(app, Cause("notifications")) as unit:
            if unit.notices.hold_pushes():
                raise_notice(unit, storm_held(app, rule))


def release_storm(database: Database, app: str, lasting: timedelta, clock: Clock, cause: Cause) -> bool:
    """Let pushes close accounts again, and however many they like for as long as `lasting`.

    Returns False when they were not held; they are let through all the same. It is an override, so the audit trail has
    it, with who did it.
    """
    with database.transaction(app, cause) as unit:
        held = unit.notices.push_hold().since is not None
        until = clock.now() + lasting
        unit.notices.release_pushes(until)
        unit.note(Action.STORM_RELEASED, {"held": held, "until": until.isoformat()})
        end_reason(unit, NoticeKind.PUSH_STORM.value)
        return held


def _refuse(unit: UnitOfWork, rule: StormRule, now: datetime) -> None:
    if unit.notices.taken() and _is_held(unit, rule, now):
        raise PushHeldError


def _is_held(unit: UnitOfWork, rule: StormRule, now: datetime) -> bool:
    """Return whether what the unit has closed must not be. What was let through by a person does not count later."""
    state = unit.notices.push_hold()
    released = state.released_until
    if released and now < released:
        return False
    begin = max(now - rule.window, released) if released else now - rule.window
    return state.since is not None or rule.is_broken_by(unit.notices.count_inbound(begin))
