"""When a schedule is due. Everything is in UTC, so that no night has two 02:30s, and none has none."""

from datetime import UTC, datetime, time, timedelta
from itertools import count

from apscheduler.triggers.cron import CronTrigger

from syncd.cron import WEEKDAYS, CronSchedule, names_day


def previous_fire(schedule: CronSchedule, at: datetime) -> datetime:
    """Return the latest moment that the schedule names and that is not after `at`, an aware time."""
    moments = [time(hour, minute, tzinfo=UTC) for hour in schedule.hours[::-1] for minute in schedule.minutes[::-1]]
    today = at.astimezone(UTC).date()
    days = (day for day in (today - timedelta(back) for back in count()) if names_day(schedule, day))
    fires = (datetime.combine(day, moment) for day in days for moment in moments)
    return next(fire for fire in fires if fire <= at)


def missed_fire(schedule: CronSchedule, last_run: datetime | None, now: datetime) -> datetime | None:
    """Return the moment that went by without a run having begun since, or None.

    Where nothing ever ran, the last moment counts as missed: a machine that is off every night runs nothing otherwise.
    """
    due = previous_fire(schedule, now)
    return due if last_run is None or last_run < due else None


def trigger_of(schedule: CronSchedule) -> CronTrigger:
    """Return the schedule as APScheduler takes it: weekdays by name, because its numbers begin with Monday."""
    return CronTrigger(
        minute=_listed(schedule.minutes),
        hour=_listed(schedule.hours),
        day=_listed(schedule.days),
        month=_listed(schedule.months),
        day_of_week=",".join(WEEKDAYS[number] for number in schedule.weekdays),
        timezone=UTC,
    )


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
