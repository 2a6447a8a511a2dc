"""What has to be told is kept with what raised it, and a message waits for each way until it got there."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.core.changes import Cause
from syncd.core.messages import Message, MessageKind
from syncd.core.notices import Standing, plan_round
from syncd.notifying import Delivery
from syncd.ports import UnitOfWork
from syncd.store import SqlDatabase
from tests.conftest import APP, SteppingClock
from tests.core.reasons import PERIOD, Reasons, a_notice

CAUSE = Cause("test")
OTHER = "other"
LASTING = timedelta(minutes=5)


def in_app(about: str = "", app: str = APP, title: str = "a title") -> object:
    return replace(a_notice(about, title=title), app=app)


def raise_notice(database: SqlDatabase, about: str = "", title: str = "a title") -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.notices.raise_notice(replace(a_notice(about, title=title), app=APP))


def end(database: SqlDatabase, about: str = "") -> bool:
    with database.transaction(APP, CAUSE) as unit:
        return unit.notices.end(a_notice(about).reason)


def standing(database: SqlDatabase) -> list[Standing]:
    with database.reading(APP) as unit:
        return list(unit.notices.standing())


def mark_all(database: SqlDatabase, *, digest: bool = False) -> list[str]:
    with database.transaction(APP, CAUSE) as unit:
        return [one.notice.about for one in unit.notices.mark_told(unit.notices.standing(), digest=digest)]


def test_a_reason_is_kept_once_with_its_youngest_notice(database: SqlDatabase) -> None:
    for title in ("first", "second"):
        raise_notice(database, "a", title)
    raise_notice(database, "b")
    one, other = standing(database)
    assert (one.notice.title, one.times, other.times) == ("second", 2, 1)
    assert one.notice == replace(a_notice("a", title="second"), app=APP)
    assert one.first < one.last
    assert (one.told, one.ended) == (None, None)


def test_what_is_raised_goes_with_the_transaction_that_raised_it(database: SqlDatabase) -> None:
    with suppress(ZeroDivisionError), database.transaction(APP, CAUSE) as unit:
        unit.notices.raise_notice(replace(a_notice(), app=APP))
        raise ZeroDivisionError
    assert standing(database) == []


def test_a_reason_ends_once_and_begins_anew(database: SqlDatabase) -> None:
    raise_notice(database)
    mark_all(database)
    assert [end(database), end(database), end(database, "nobody")] == [True, False, False]
    assert standing(database) == []
    raise_notice(database, title="again")
    (again,) = standing(database)
    assert (again.notice.title, again.times, again.told, again.ended) == ("again", 1, None, None)
    assert again.first == again.last


def test_one_that_ended_before_it_was_told_is_still_to_be_told(database: SqlDatabase) -> None:
    raise_notice(database)
    end(database)
    (one,) = standing(database)
    assert one.ended is not None
    mark_all(database)
    assert standing(database) == []
    with database.reading(APP) as unit:
        assert [kept.notice.about for kept in unit.notices.latest()] == [""]


def test_texts_are_one_line_each_whatever_they_came_from(database: SqlDatabase) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.notices.raise_notice(replace(a_notice(title="a\r\nb\x00c\ud800"), app=APP, lines=("x\ny",)))
    (one,) = standing(database)
    assert (one.notice.title, one.notice.lines) == ("a b c", ("x y",))


def test_applications_know_nothing_of_one_another(database: SqlDatabase) -> None:
    database.ensure_app(OTHER, "0oaother000000000001")
    raise_notice(database)
    mark_all(database, digest=True)
    queue(database, "m-1", "webhook")
    with database.transaction(OTHER, CAUSE) as unit:
        assert (unit.notices.standing(), unit.notices.latest(), unit.notices.last_digest()) == ((), (), None)
        assert (unit.notices.waiting(), unit.notices.claim(10, LASTING)) == (0, ())
        assert not unit.notices.end(a_notice().reason)


def test_nothing_is_written_where_one_only_reads(database: SqlDatabase) -> None:
    with database.reading(APP) as unit:
        for write in (
            lambda: unit.notices.raise_notice(replace(a_notice(), app=APP)),
            lambda: unit.notices.end("x"),
            lambda: unit.notices.claim(1, LASTING),
            lambda: unit.notices.queue(message("m-1"), ["webhook"]),
        ):
            with pytest.raises(RuntimeError, match="opened for reading"):
                write()


def test_a_reason_is_told_by_one_of_two_who_would(database: SqlDatabase) -> None:
    raise_notice(database)
    with database.reading(APP) as unit:
        seen = unit.notices.standing()
    assert mark_all(database) == [""]
    with database.transaction(APP, CAUSE) as unit:
        assert unit.notices.mark_told(seen, digest=False) == ()
    (told,) = standing(database)
    assert told.told is not None


def test_digests_are_remembered_beyond_the_end_of_what_they_told(database: SqlDatabase) -> None:
    raise_notice(database)
    mark_all(database)
    with database.reading(APP) as unit:
        assert unit.notices.last_digest() is None
    mark_all(database, digest=True)
    end(database)
    raise_notice(database)
    with database.reading(APP) as unit:
        assert unit.notices.last_digest() is not None


# ------------------------------------------------------------------ messages


def message(name: str) -> Message:
    return Message(name, MessageKind.TEST, APP, datetime(2026, 3, 1, tzinfo=UTC))


def queue(database: SqlDatabase, name: str, *channels: str) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.notices.queue(message(name), channels)


def claim(database: SqlDatabase, limit: int = 10) -> list[Delivery]:
    with database.transaction(APP, CAUSE) as unit:
        return list(unit.notices.claim(limit, LASTING))


def test_a_message_waits_for_each_way_on_its_own(database: SqlDatabase) -> None:
    queue(database, "m-1", "webhook", "smtp")
    queue(database, "m-2", "webhook")
    got = claim(database)
    assert [(one.message.id, one.channel, one.attempts) for one in got] == [
        ("m-1", "smtp", 1),
        ("m-1", "webhook", 1),
        ("m-2", "webhook", 1),
    ]
    assert got[0].message == message("m-1")
    with database.transaction(APP, CAUSE) as unit:
        unit.notices.delivered(got[0])
        assert unit.notices.waiting() == 2


def test_who_has_claimed_a_message_has_it_alone_for_a_while(database: SqlDatabase, clock: SteppingClock) -> None:
    queue(database, "m-1", "webhook")
    assert len(claim(database)) == 1
    assert claim(database) == []
    clock.moment += LASTING
    (again,) = claim(database)
    assert again.attempts == 2


def test_the_oldest_are_claimed_first(database: SqlDatabase) -> None:
    for number in range(5):
        queue(database, f"m-{number}", "webhook")
    assert [one.message.id for one in claim(database, 2)] == ["m-0", "m-1"]
    assert [one.message.id for one in claim(database, 2)] == ["m-2", "m-3"]


def test_what_failed_is_tried_again_at_its_time_or_given_up(database: SqlDatabase, clock: SteppingClock) -> None:
    queue(database, "m-1", "smtp", "webhook")
    mail, webhook = claim(database)
    with database.transaction(APP, CAUSE) as unit:
        unit.notices.failed(mail, clock.moment + timedelta(hours=1), "no answer")
        unit.notices.failed(webhook, None, "no answer")
        assert unit.notices.waiting() == 1
    clock.moment += timedelta(minutes=59)
    assert claim(database) == []
    clock.moment += timedelta(minutes=1)
    assert [one.channel for one in claim(database)] == ["smtp"]


def test_what_ended_long_ago_is_forgotten_and_what_waits_never(database: SqlDatabase, clock: SteppingClock) -> None:
    queue(database, "m-1", "smtp", "webhook", "slack")
    mail, slack, _ = sorted(claim(database), key=lambda one: one.channel == "webhook")
    with database.transaction(APP, CAUSE) as unit:
        unit.notices.delivered(mail)
        unit.notices.failed(slack, None, "no answer")
        unit.notices.tidy(clock.moment - timedelta(hours=1))
        assert messages(unit) == 3
        unit.notices.tidy(clock.moment + timedelta(hours=1))
        assert messages(unit) == unit.notices.waiting() == 1


def messages(unit: UnitOfWork) -> int:
    counted = unit._scope.connection.exec_driver_sql("SELECT count(*) FROM notice_message")  # type: ignore[attr-defined]
    return int(counted.scalar_one())


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_two_workers_never_get_the_same_message(kind: str, request: pytest.FixtureRequest) -> None:
    database: SqlDatabase = request.getfixturevalue(f"{kind}_database")
    for number in range(40):
        queue(database, f"m-{number}", "webhook")
    got: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait(5)
        for _ in range(20):
            got.extend(one.message.id for one in claim(database, 3))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(got) == sorted(f"m-{number}" for number in range(40))


# ------------------------------------------------------------------ the same as in a few lines

ABOUT = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("raise"), ABOUT),
        st.tuples(st.just("end"), ABOUT),
        st.tuples(st.just("wait"), st.sampled_from([1, 7, 25])),
        st.tuples(st.just("tell"), st.just("")),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_store_keeps_reasons_as_the_dictionary_does(database: SqlDatabase, steps: list[tuple[str, object]]) -> None:
    moment = StandingClock()
    database._clock = moment
    with database.transaction(APP, CAUSE) as unit:
        for table in ("notice",):
            unit._scope.connection.exec_driver_sql(f"DELETE FROM {table}")
    reasons = Reasons(now=moment.at)
    for what, argument in steps:
        if what == "wait":
            moment.at += timedelta(hours=int(str(argument)))
            reasons.now = moment.at
            continue
        with database.transaction(APP, CAUSE) as unit:
            if what == "raise":
                unit.notices.raise_notice(replace(a_notice(str(argument)), app=APP))
                reasons.raise_notice(replace(a_notice(str(argument)), app=APP))
            elif what == "end":
                unit.notices.end(a_notice(str(argument)).reason)
                reasons.end(a_notice(str(argument)).reason)
            else:
                due = plan_round(unit.notices.standing(), moment.at, PERIOD, unit.notices.last_digest())
                assert due == reasons.tell()
                for told in due.news:
                    unit.notices.mark_told(told, digest=False)
                unit.notices.mark_told(due.digest, digest=True)
        with database.reading(APP) as unit:
            assert {one.notice.reason: one for one in unit.notices.latest()} == reasons.kept


class StandingClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at
