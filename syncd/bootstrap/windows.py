"""Whether an application is in a maintenance window."""

from datetime import datetime

from syncd.config import AppSettings
from syncd.cron import parse_window
from syncd.scheduler.due import previous_fire


def closed_now(app: AppSettings, now: datetime) -> str | None:
    """Return in words until when repairs have to wait at that moment, or None outside of every window."""
    ends = [previous_fire(schedule, now) + lasting for schedule, lasting in map(parse_window, app.guard.maintenance)]
    last = max((end for end in ends if end > now), default=None)
    return f"a maintenance window lasts until {last:%Y-%m-%d %H:%M} UTC" if last else None
