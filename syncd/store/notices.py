"""What has to be told, and the messages about it: one application's rows in one unit of work."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, case, delete, func, insert, null, or_, select, update

from syncd.core.messages import Message, message_of, one_line
from syncd.core.notices import Notice, NoticeKind, Standing
from syncd.notifying import Delivery, InboundDeactivation, PushHold
from syncd.store import inbound
from syncd.store.constructs import insert_on_each
from syncd.store.moments import microseconds, moment_of, optional_moment
from syncd.store.notice_tables import notice, notice_message
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, app


def _take_up(statement: Any) -> Any:
    """Return the insertion that goes on with the row that is there, or begins it anew when its reason had ended."""
    given, again = statement.excluded, notice.c.ended.is_not(None)
    return statement.on_conflict_do_update(
        index_elements=["app", "reason"],
        set_={
            "first_raised": case((again, given.first_raised), else_=notice.c.first_raised),
            "last_raised": given.last_raised,
            "times": case((again, given.times), else_=notice.c.times + given.times),
            "told": case((again, null()), else_=notice.c.told),
            "ended": null(),
            "payload": given.payload,
        },
    )


_OF_APP: Final = notice.c.app == bindparam("of_app")
_RAISE: Final = insert_on_each(notice, _take_up)
_END: Final = (
    update(notice)
    .where(_OF_APP, notice.c.reason == bindparam("of_reason"), notice.c.ended.is_(None))
    .values(ended=bindparam("moment"))
    .returning(notice.c.pk)
)
_STANDING: Final = (
    select(notice).where(_OF_APP, or_(notice.c.ended.is_(None), notice.c.told.is_(None))).order_by(notice.c.pk)
)
_LATEST: Final = (
    select(notice).where(_OF_APP).order_by(notice.c.last_raised.desc(), notice.c.pk.desc()).limit(bindparam("limit"))
)
_LAST_DIGEST: Final = select(func.max(notice.c.digested)).where(_OF_APP)
_MARK: Final = (
    update(notice)
    .where(
        _OF_APP,
        notice.c.reason == bindparam("of_reason"),
        notice.c.told.is_not_distinct_from(bindparam("told_before", type_=notice.c.told.type)),
    )
    .returning(notice.c.pk)
)
_MARK_ALONE: Final = _MARK.values(told=bindparam("moment"))
_MARK_IN_DIGEST: Final = _MARK.values(told=bindparam("moment"), digested=bindparam("moment"))
_QUEUE: Final = insert(notice_message)
_WAITS: Final = (
    notice_message.c.app == bindparam("of_app"),
    notice_message.c.delivered.is_(None),
    notice_message.c.given_up.is_(None),
)
_IS_DUE: Final = (*_WAITS, notice_message.c.due <= bindparam("moment"))
_CLAIM: Final = (
    update(notice_message)
    .where(
        *_IS_DUE,
        notice_message.c.pk.in_(
            select(notice_message.c.pk).where(*_IS_DUE).order_by(notice_message.c.pk).limit(bindparam("limit"))
        ),
    )
    .values(due=bindparam("until"), attempts=notice_message.c.attempts + 1)
    .returning(*(notice_message.c[name] for name in ("pk", "channel", "payload", "attempts")))
)
_OF_MESSAGE: Final = (notice_message.c.app == bindparam("of_app"), notice_message.c.pk == bindparam("of_pk"))
_DELIVERED: Final = update(notice_message).where(*_OF_MESSAGE).values(delivered=bindparam("moment"), error=null())
_AGAIN: Final = update(notice_message).where(*_OF_MESSAGE).values(due=bindparam("again"), error=bindparam("why"))
_GIVE_UP: Final = (
    update(notice_message).where(*_OF_MESSAGE).values(given_up=bindparam("moment"), error=bindparam("why"))
)
_WAITING: Final = select(func.count()).select_from(notice_message).where(*_WAITS)
_FORGET: Final = delete(notice_message).where(
    notice_message.c.app == bindparam("of_app"),
    func.coalesce(notice_message.c.delivered, notice_message.c.given_up) < bindparam("before"),
)
_KNOWN_SINCE: Final = select(app.c.created).where(app.c.pk == bindparam("of_app"))


class SqlNotices:
    """The reasons and messages of one application, in one unit of work; see `syncd.notifying.Notices`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    # -------------------------------------------------------------- reasons

    def raise_notice(self, raised: Notice) -> None:
        """Keep that the reason stands, with its youngest notice. One that had ended begins anew, untold."""
        self._scope.refuse_reading()
        moment = self._scope.moment
        row = {
            "app": self._scope.app,
            "reason": raised.reason,
            "kind": raised.kind.value,
            "first_raised": moment,
            "last_raised": moment,
            "times": 1,
            "payload": {
                "title": one_line(raised.title),
                "lines": [one_line(line) for line in raised.lines],
                "remedy": one_line(raised.remedy),
                "about": raised.about,
                "run": raised.run_id,
            },
        }
        self._scope.connection.execute(_RAISE[self._scope.dialect], row)

    def end(self, reason: str) -> bool:
        """Write that the reason is over. Returns False when none of that name stands."""
        return self._write(_END, of_reason=reason, moment=self._scope.moment).first() is not None

    def standing(self) -> tuple[Standing, ...]:
        """Return the reasons that stand, and those that ended and were never told, oldest first."""
        return tuple(map(self._standing_of, self._read(_STANDING)))

    def latest(self, limit: int = 50) -> tuple[Standing, ...]:
        """Return the reasons that were seen last, ended ones included, youngest first."""
        return tuple(map(self._standing_of, self._read(_LATEST, limit=limit)))

    def last_digest(self) -> datetime | None:
        """Return when the application's last digest was written, or None."""
        return optional_moment(self._read(_LAST_DIGEST).scalar())

    def mark_told(self, told: Iterable[Standing], *, digest: bool) -> tuple[Standing, ...]:
        """Write that these are told from now on. Returns those of them that nobody else has told meanwhile."""
        statement = _MARK_IN_DIGEST if digest else _MARK_ALONE
        return tuple(one for one in told if self._mark(statement, one))

    def _mark(self, statement: Any, one: Standing) -> bool:
        before = None if one.told is None else microseconds(one.told)
        moment = self._scope.moment
        marked = self._write(statement, of_reason=one.notice.reason, told_before=before, moment=moment)
        return marked.first() is not None

    # -------------------------------------------------------------- messages

    def queue(self, message: Message, channels: Collection[str]) -> None:
        """Let the message go each of these ways, at once."""
        self._scope.refuse_reading()
        given = {"app": self._scope.app, "id": message.id, "payload": message.as_json(), "attempts": 0}
        moments = {"made": self._scope.moment, "due": self._scope.moment}
        if channels:
            rows = [{**given, **moments, "channel": channel} for channel in sorted(channels)]
            self._scope.connection.execute(_QUEUE, rows)

    def claim(self, limit: int, lasting: timedelta) -> tuple[Delivery, ...]:
        """Return messages whose time has come, oldest first. Nobody else gets them for as long as `lasting`."""
        moment = self._scope.moment
        rows = self._write(_CLAIM, moment=moment, until=moment + microseconds(lasting), limit=limit).all()
        return tuple(
            Delivery(row.pk, row.channel, message_of(row.payload), row.attempts)
            for row in sorted(rows, key=lambda row: row.pk)
        )

    def delivered(self, delivery: Delivery) -> None:
        """Write that the message got there."""
        self._write(_DELIVERED, of_pk=delivery.key, moment=self._scope.moment)

    def failed(self, delivery: Delivery, again: datetime | None, why: str) -> None:
        """Write that it did not, and when it is tried again: None gives it up."""
        if again is None:
            self._write(_GIVE_UP, of_pk=delivery.key, moment=self._scope.moment, why=why)
        else:
            self._write(_AGAIN, of_pk=delivery.key, again=microseconds(again), why=why)

    def waiting(self) -> int:
        """Return how many messages are still to be delivered."""
        return int(self._read(_WAITING).scalar_one())

    # -------------------------------------------------------------- what is watched

    def known_since(self) -> datetime:
        """Return when the application became known."""
        return moment_of(self._read(_KNOWN_SINCE).scalar_one())

    def taken(self) -> int:
        """Return how many accounts this unit of work has closed for a push."""
        return len(self._scope.taken)

    def push_hold(self) -> PushHold:
        """Return whether pushes that close accounts are refused."""
        return inbound.held(self._scope)

    def hold_pushes(self) -> bool:
        """Refuse them from now on. Returns False when they were refused already."""
        return inbound.hold(self._scope)

    def release_pushes(self, until: datetime) -> None:
        """Refuse them no longer, however many they are until that moment."""
        inbound.release(self._scope, microseconds(until))

    def count_inbound(self, since: datetime) -> int:
        """Return how many accounts pushes have closed since that moment."""
        return inbound.count(self._scope, microseconds(since))

    def inbound(self, since: datetime, limit: int) -> tuple[InboundDeactivation, ...]:
        """Return the accounts that pushes have closed since that moment, oldest first."""
        return inbound.read(self._scope, microseconds(since), limit)

    def tidy(self, before: datetime) -> None:
        """Forget messages that were delivered or given up, and pushes that closed accounts, before that moment."""
        self._write(_FORGET, before=microseconds(before))
        inbound.forget(self._scope, microseconds(before))

    def _standing_of(self, row: AnyRow) -> Standing:
        told = row.payload
        return Standing(
            Notice(
                app=self._scope.app_name,
                kind=NoticeKind(row.kind),
                title=told["title"],
                remedy=told["remedy"],
                lines=tuple(told["lines"]),
                about=told["about"],
                run_id=told["run"],
            ),
            moment_of(row.first_raised),
            moment_of(row.last_raised),
            row.times,
            optional_moment(row.told),
            optional_moment(row.ended),
        )

    def _read(self, statement: Any, **values: Any) -> Any:
        return self._scope.connection.execute(statement, {"of_app": self._scope.app, **values})

    def _write(self, statement: Any, **values: Any) -> Any:
        self._scope.refuse_reading()
        return self._read(statement, **values)
