"""Cron expressions mean what crontab(5) says, or are refused."""

import pytest

from syncd import cron

EVERY_DAY = tuple(range(1, 32))
EVERY_MONTH = tuple(range(1, 13))


@pytest.mark.parametrize("weekday", ["0", "7", "sun", "SUN"])
def test_sunday_is_0_and_7_as_in_cron(weekday: str) -> None:
    assert cron.parse(f"0 2 * * {weekday}").weekdays == (0,)


@pytest.mark.parametrize(
    ("weekdays", "expected"),
    [
        ("*", (0, 1, 2, 3, 4, 5, 6)),
        ("1-5", (1, 2, 3, 4, 5)),
        ("mon-fri", (1, 2, 3, 4, 5)),
        ("fri-7", (0, 5, 6)),
        ("*/2", (0, 2, 4, 6)),
        ("1,3,3", (1, 3)),
    ],
)
def test_weekdays_are_read_as_sets(weekdays: str, expected: tuple[int, ...]) -> None:
    assert cron.parse(f"0 2 * * {weekdays}").weekdays == expected


def test_every_field_is_read() -> None:
    schedule = cron.parse("*/20 1-7/3 * jan,dec *")
    assert schedule == cron.CronSchedule((0, 20, 40), (1, 4, 7), EVERY_DAY, (1, 12), (0, 1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "five fields"),
        ("17 2 * *", "five fields"),
        ("0 17 2 * * *", "five fields"),
        ("60 2 * * *", "no minute"),
        ("0 24 * * *", "no hour"),
        ("0 0 0 * *", "no day of the month"),
        ("0 0 * 13 *", "no month"),
        ("0 0 * * 8", "no day of the week"),
        ("0 0 * * fry", "no day of the week"),
        ("-1 0 * * *", "no minute"),
        ("٣ 0 * * *", "no minute"),
        ("5-1 0 * * *", "backwards"),
        ("5/2 0 * * *", "a step needs"),
        ("*/0 0 * * *", "no step"),
        ("*/ 0 * * *", "no step"),
        ("1,,2 0 * * *", "no minute"),
        ("0 0 30 2 *", "no such day"),
        ("0 0 31 4,6 *", "no such day"),
        ("0 0 1 * 1", "cron would take either"),
    ],
)
def test_what_cron_would_not_do_is_refused_in_words(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cron.parse(expression)


def test_a_leap_day_is_a_day() -> None:
    assert cron.parse("0 0 29 2 *").months == (2,)


def test_a_day_of_the_month_and_every_weekday_go_together() -> None:
    assert cron.parse("0 0 1 * *").months == EVERY_MONTH
