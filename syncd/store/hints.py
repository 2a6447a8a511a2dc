"""Whom to look at again, and how far Okta's System Log was read: kept and changed together."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, delete, func, select, update

from syncd.core.okta_events import GRANTING, HintKind, NewHint
from syncd.ports import Hint, KeptEvent, Place, Position
from syncd.store.constructs import database_now, insert_on_each, is_one_of
from syncd.store.log_tables import hint, okta_cursor
from syncd.store.moments import microseconds, moment_of, optional_moment
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow

_POSITIONS: Final = select(okta_cursor, (database_now() - okta_cursor.c.updated).label("age")).where(
    okta_cursor.c.app == bindparam("of_app")
)
_MOVE: Final = (
    update(okta_cursor)
    .where(okta_cursor.c.app == bindparam("of_app"), okta_cursor.c.clause == bindparam("of_clause"))
    .values(cursor=bindparam("to_cursor"), read_until=bindparam("to_moment"), updated=database_now())
    .returning(okta_cursor.c.clause)
)
_BEGIN: Final = insert_on_each(
    okta_cursor,
    lambda insert: insert.values(began=database_now(), updated=database_now()).on_conflict_do_update(
        index_elements=["app", "clause"],
        set_={name: insert.excluded[name] for name in ("cursor", "read_until", "began", "why", "updated")},
    ),
)
_NOTE: Final = insert_on_each(
    hint,
    lambda insert: insert.values(noted=database_now(), due=database_now(), tries=0).on_conflict_do_nothing(
        index_elements=["app", "uuid", "okta_user_id"]
    ),
)
_EVENTS: Final = (
    select(hint)
    .where(hint.c.app == bindparam("of_app"), hint.c.okta_user_id == bindparam("of_user"))
    .order_by(hint.c.published.desc(), hint.c.pk.desc())
    .limit(bindparam("limit"))
)
_OPEN: Final = (hint.c.app == bindparam("of_app"), hint.c.settled.is_(None))
_NEXT: Final = (
    select(hint.c.okta_user_id)
    .where(*_OPEN)
    .group_by(hint.c.okta_user_id)
    .having(func.min(hint.c.due) <= database_now())
    .order_by(func.min(hint.c.tries), func.min(hint.c.kind), func.min(hint.c.pk))
    .limit(bindparam("limit"))
)
_PENDING: Final = select(hint).where(*_OPEN, hint.c.okta_user_id.in_(_NEXT))
_COUNT: Final = select(func.count(hint.c.okta_user_id.distinct())).where(*_OPEN)
_GIVEN: Final = (*_OPEN, is_one_of(hint.c.pk, bindparam("pks")))
_SETTLE: Final = update(hint).where(*_GIVEN).values(settled=database_now())
_POSTPONE: Final = (
    update(hint)
    .where(*_GIVEN)
    .values(tries=hint.c.tries + 1, due=database_now() + bindparam("wait", type_=hint.c.due.type))
)
_FIRST_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_DOUBLED: Final = 7
_FORGET: Final = delete(hint).where(
    hint.c.app == bindparam("of_app"),
    hint.c.settled < database_now() - bindparam("kept", type_=hint.c.settled.type),
)


class SqlHints:
    """The hints of one application, in one unit of work; see `syncd.ports.Hints`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def positions(self) -> Mapping[str, Position]:
        """Return how far each clause has been followed, by name."""
        return {row.clause: _position_of(row) for row in self._scope.connection.execute(_POSITIONS, self._of_app())}

    def note(self, clause: str, place: Place, hints: Iterable[NewHint], *, began_anew: str | None = None) -> None:
        """Keep hints and the place behind them. Raises ValueError when the clause never was followed."""
        self._scope.refuse_reading()
        rows = [self._row_of(one) for one in hints]
        if rows:
            self._scope.connection.execute(_NOTE[self._scope.dialect], rows)
        moment = microseconds(place.read_until)
        if began_anew is not None:
            row = {"clause": clause, "cursor": place.cursor, "read_until": moment, "why": began_anew}
            self._scope.connection.execute(_BEGIN[self._scope.dialect], {"app": self._scope.app, **row})
            return
        moved = self._of_app() | {"of_clause": clause, "to_cursor": place.cursor, "to_moment": moment}
        if self._scope.connection.execute(_MOVE, moved).scalar() is None:
            raise ValueError(f"the clause {clause} was not followed before: say why it begins")

    def pending(self, limit: int) -> tuple[Hint, ...]:
        """Return whom to look at now: the least tried first, then the most urgent, then the oldest."""
        found: dict[str, list[AnyRow]] = {}
        for row in self._scope.connection.execute(_PENDING, self._of_app() | {"limit": limit}):
            found.setdefault(row.okta_user_id, []).append(row)
        ordered = sorted(found.values(), key=_turn)
        return tuple(map(_hint_of, ordered))

    def count_pending(self) -> int:
        """Return how many people there are to look at."""
        return int(self._scope.connection.execute(_COUNT, self._of_app()).scalar_one())

    def settle(self, hints: Iterable[Hint]) -> None:
        """Close these hints, and none that was noted since."""
        self._scope.refuse_reading()
        self._change(_SETTLE, hints)

    def postpone(self, hints: Iterable[Hint]) -> None:
        """Count that these were tried in vain: they stay open and wait, half a minute at first and an hour at most."""
        self._scope.refuse_reading()
        for one in hints:
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(one.tries, _MOST_DOUBLED))
            self._change(_POSTPONE, [one], wait=microseconds(wait))

    def events(self, okta_user_id: str, limit: int) -> tuple[KeptEvent, ...]:
        """Return the events that named a person, the youngest first."""
        asked = self._of_app() | {"of_user": okta_user_id, "limit": limit}
        return tuple(map(_event_of, self._scope.connection.execute(_EVENTS, asked)))

    def forget(self, kept: timedelta) -> int:
        """Delete hints that were settled longer ago than that, and return how many."""
        self._scope.refuse_reading()
        return self._scope.connection.execute(_FORGET, self._of_app() | {"kept": microseconds(kept)}).rowcount

    def _change(self, statement: Any, hints: Iterable[Hint], **values: int) -> None:
        pks = [key for one in hints for key in one.keys]
        if pks:
            self._scope.connection.execute(statement, self._of_app() | values | {"pks": orjson.dumps(pks).decode()})

    def _of_app(self) -> dict[str, Any]:
        return {"of_app": self._scope.app}

    def _row_of(self, one: NewHint) -> dict[str, Any]:
        return {
            "app": self._scope.app,
            "uuid": one.uuid,
            "okta_user_id": one.okta_user_id,
            "event_type": one.event_type,
            "kind": int(one.kind),
            "published": microseconds(one.published),
            "outcome": one.outcome,
            "actor": one.actor,
        }


def _turn(rows: list[AnyRow]) -> tuple[int, int, int]:
    return min(row.tries for row in rows), min(row.kind for row in rows), min(row.pk for row in rows)


def _hint_of(rows: list[AnyRow]) -> Hint:
    removed = max((row.published for row in rows if row.kind == HintKind.REMOVED), default=None)
    given = max((row.published for row in rows if row.event_type in GRANTING), default=None)
    if removed is not None and given is not None and given >= removed:
        removed = None
    return Hint(
        okta_user_id=rows[0].okta_user_id,
        keys=tuple(sorted(row.pk for row in rows)),
        kind=HintKind(min(row.kind for row in rows)),
        published=moment_of(min(row.published for row in rows)),
        tries=max(row.tries for row in rows),
        removed=optional_moment(removed),
    )


def _event_of(row: AnyRow) -> KeptEvent:
    published, settled = moment_of(row.published), optional_moment(row.settled)
    return KeptEvent(row.uuid, row.event_type, published, row.outcome, row.actor, settled)


def _position_of(row: AnyRow) -> Position:
    return Position(
        place=Place(row.cursor, moment_of(row.read_until)),
        began=moment_of(row.began),
        why=row.why,
        age=timedelta(microseconds=max(0, row.age)),
    )
