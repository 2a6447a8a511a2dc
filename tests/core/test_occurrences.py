"""A schedule that was not kept is told, moment by moment."""

from datetime import UTC, datetime, timedelta

from syncd.core.occurrences import Kept, Occurred, occurrences
from syncd.cron import fires, parse

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NIGHTS = [START + timedelta(days=number, hours=2) for number in range(4)]


def run(name: str, started: datetime, exit_code: int | None = 0) -> Occurred:
    return Occurred(name, started, started + timedelta(minutes=5) if exit_code is not None else None, exit_code)


def test_a_night_is_answered_by_the_first_run_before_the_next_that_found_something_out() -> None:
    runs = [
        run("unhealthy", NIGHTS[0] + timedelta(minutes=1), 3),
        run("by hand", NIGHTS[0] + timedelta(hours=9), 2),
        run("died", NIGHTS[1] + timedelta(minutes=1), None),
    ]
    found = occurrences(NIGHTS, runs, NIGHTS[3], {0, 2})
    told = [(one.kept, one.run.run_id if one.run else None) for one in found]
    assert told == [(Kept.RAN, "by hand"), (Kept.FAILED, "died"), (Kept.MISSED, None)]
    assert found[0].delay == timedelta(hours=9)


def test_what_is_due_and_may_still_run_before_the_next_moment_is_late_and_not_missed() -> None:
    assert [one.kept for one in occurrences(NIGHTS[:2], [], NIGHTS[0] + timedelta(hours=1), {0})] == [Kept.LATE]
    assert [one.kept for one in occurrences(NIGHTS[:2], [], NIGHTS[1], {0})] == [Kept.MISSED]


def test_the_moments_of_a_schedule_are_those_of_the_span_and_one_behind_it() -> None:
    assert list(fires(parse("0 2 * * *"), START, START + 3 * DAY)) == NIGHTS
    assert list(fires(parse("0 2 * * *"), NIGHTS[0], NIGHTS[1])) == NIGHTS[:2]
    weekly = list(fires(parse("30 6 * * mon"), START, START + 10 * DAY))
    assert [f"{one:%a %d %H:%M}" for one in weekly] == ["Mon 02 06:30", "Mon 09 06:30", "Mon 16 06:30"]
