"""When a schedule was due last, whether that was missed, and that APScheduler reads it as cron does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd import cron
from syncd.scheduler.due import missed_fire, previous_fire, trigger_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "previous"),
    [
        ("17 2 * * *", "2026-11-24 09:00", "2026-11-24 02:17"),
        ("17 2 * * *", "2026-11-24 02:17", "2026-11-24 02:17"),
        ("17 2 * * *", "2026-11-24 02:16:59", "2026-11-23 02:17"),
        ("*/15 6-8 * * *", "2026-11-24 07:44", "2026-11-24 07:30"),
        ("0 3 1 * *", "2026-01-01 02:59", "2025-12-01 03:00"),
        ("0 3 * * 0", "2026-11-24 09:00", "2026-11-22 03:00"),
        ("0 3 * * 7", "2026-11-24 09:00", "2026-11-22 03:00"),
        ("0 3 * * mon-fri", "2026-11-22 09:00", "2026-11-20 03:00"),
        ("0 3 29 2 *", "2101-03-01 00:00", "2096-02-29 03:00"),
        ("30 2 * * *", "2026-10-25 12:00", "2026-10-25 02:30"),  # the night on which Europe sets its clocks back
    ],
)
def test_the_previous_fire_is_the_latest_one_that_is_not_in_the_future(schedule: str, now: str, previous: str) -> None:
    assert previous_fire(cron.parse(schedule), at(now)) == at(previous)


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    there = datetime(2026, 11, 24, 1, 0, tzinfo=timezone(timedelta(hours=-8)))
    assert previous_fire(cron.parse("17 2 * * *"), there) == at("2026-11-24 02:17")


@pytest.mark.parametrize(
    ("last_run", "missed"),
    [
        (None, "2026-11-24 02:17"),
        ("2026-11-22 02:17", "2026-11-24 02:17"),
        ("2026-11-24 02:16:59", "2026-11-24 02:17"),
        ("2026-11-24 02:17", None),
        ("2026-11-24 08:00", None),
        ("2026-11-25 02:17", None),
    ],
)
def test_a_run_is_missed_when_none_has_begun_since_it_was_due(last_run: str | None, missed: str | None) -> None:
    found = missed_fire(cron.parse("17 2 * * *"), at(last_run) if last_run else None, at("2026-11-24 09:00"))
    assert found == (at(missed) if missed else None)


@pytest.mark.parametrize("sunday", ["0", "7", "sun"])
def test_apscheduler_fires_on_the_sunday_that_cron_means(sunday: str) -> None:
    fire = trigger_of(cron.parse(f"0 3 * * {sunday}")).get_next_fire_time(None, at("2026-11-24 09:00"))
    assert fire == at("2026-11-29 03:00")


FIELDS = st.tuples(
    st.sampled_from(["0", "17", "*/15", "5-50/9", "59"]),
    st.sampled_from(["0", "2", "*", "*/5", "22-23"]),
    st.sampled_from(["1", "*", "28-31", "*/10"]),
    st.sampled_from(["*", "1", "feb", "1-12/5", "12"]),
    st.sampled_from(["*", "*/3"]),
) | st.tuples(*map(st.just, ("0", "4", "*", "*")), st.sampled_from(["0", "mon", "1-5", "6,7", "sat"]))


@given(FIELDS, st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds it
def test_what_apscheduler_fires_next_is_the_previous_fire_of_then_and_of_no_moment_before(
    fields: tuple[str, ...], now: datetime
) -> None:
    schedule = cron.parse(" ".join(fields))
    fire = trigger_of(schedule).get_next_fire_time(None, now)
    assert previous_fire(schedule, fire) == fire
    assert previous_fire(schedule, fire - timedelta(microseconds=1)) < now or fire == now
