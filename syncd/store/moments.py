"""Moments as the tables keep them: microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime | timedelta) -> int:
    """Return a moment or a duration as the tables keep it, exactly."""
    return (moment - _EPOCH if isinstance(moment, datetime) else moment) // _MICROSECOND


def moment_of(count: int) -> datetime:
    """Return the moment that the tables keep as `count`, aware, in UTC."""
    return _EPOCH + timedelta(0, 0, count)  # by position: pages have two of them for each resource


def optional_moment(count: int | None) -> datetime | None:
    """Return the moment, or None for NULL."""
    return None if count is None else moment_of(count)
