"""How fast to ask: Okta's rate-limit headers in, seconds to wait out.

Okta counts requests per bucket and window (by default 60 seconds), for all clients of the org together. To leave room
for the others, a window is used up to half of what remained of it when we first saw it, and then its reset is waited
for. Every time here is Okta's own (the reset against the `Date` of the same response), so a wrong clock on this machine
changes nothing; how much of a wait has passed is counted by a monotonic clock.
Source: developer.okta.com, rate limit headers; `X-Rate-Limit-Reset` is in epoch seconds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

Headers = Mapping[str, Sequence[str]]

MARGIN: Final = 1.0  # Date and reset are whole seconds
UNGUIDED: Final = 30.0  # a refusal that does not say until when
CONCURRENCY: Final = (1.0, 5.0)


class Bucket(StrEnum):
    """What Okta counts together, as far as we use it."""

    APP = "/api/v1/apps/{id}"
    APP_USERS = "/api/v1/apps/*"
    USERS = "/api/v1/users/{id}"
    LOGS = "/api/v1/logs"
    GROUPS = "/api/v1/groups/{id}"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What one response says of its bucket: requests left of `limit`, and `reset` and `now` in epoch seconds."""

    limit: int | None
    remaining: int
    reset: int
    now: int

    @property
    def seconds_left(self) -> int:
        """Seconds from the response to the reset."""
        return max(0, self.reset - self.now)

    @property
    def of_concurrency(self) -> bool:
        """Whether too many requests ran at once. Okta says so by a limit of 0; the reset is then only a suggestion."""
        return self.limit == 0 and self.remaining == 0


@dataclass(frozen=True, slots=True)
class Window:
    """A window in use: when it ends, what we may still ask in it, and how far off its end was at the last response."""

    reset: int
    allowance: int
    seconds_left: int


def read_rate_limit(headers: Headers) -> RateLimit | None:
    """Return what the headers say, the strictest of repeated ones; None when they say too little to go by."""
    remaining, reset = (_least(headers, name) for name in ("x-rate-limit-remaining", "x-rate-limit-reset"))
    now = date_of(headers)
    if remaining is None or reset is None or now is None:
        return None
    return RateLimit(_least(headers, "x-rate-limit-limit"), remaining, reset, now)


def moment_of(headers: Headers) -> datetime | None:
    """Return the response's `Date`, aware, or None where it is missing or unreadable."""
    seconds = date_of(headers)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def date_of(headers: Headers) -> int | None:
    """Return the response's `Date` in epoch seconds, or None where it is missing or unreadable."""
    for value in headers.get("date", ()):
        try:
            return int(parsedate_to_datetime(value).timestamp())
        except (ValueError, OverflowError):
            return None
    return None


def after_response(window: Window | None, rate: RateLimit | None) -> Window | None:
    """Return the window after one more request, whose response said `rate` (None: nothing readable).

    The request that sees a window first counts as one of its half. A window is over when Okta's clock has reached its
    reset, not when the reset changes.
    """
    if rate is None or rate.of_concurrency:
        return window and replace(window, allowance=window.allowance - 1)
    if window is None or rate.now >= window.reset:
        return Window(rate.reset, max(0, (rate.remaining + 1) // 2 - 1), rate.seconds_left)
    allowance = min(window.allowance - 1, rate.remaining)
    return Window(window.reset, allowance, max(0, window.reset - rate.now))


def wait_before(window: Window | None, elapsed: float) -> float:
    """Return the seconds to wait before the next request, `elapsed` seconds after the last readable response."""
    if window is None or window.allowance > 0:
        return 0.0
    return max(0.0, window.seconds_left + MARGIN - elapsed)


def wait_after_refusal(headers: Headers, chance: float) -> float:
    """Return the seconds to wait after a 429. `chance`, from 0 to 1, spreads clients that were refused together."""
    rate = read_rate_limit(headers)
    if rate is None:
        return float(_least(headers, "retry-after") or UNGUIDED) + chance
    if rate.of_concurrency:
        shortest, longest = CONCURRENCY
        return shortest + (longest - shortest) * chance
    return rate.seconds_left + MARGIN + chance


def back_off(failures: int, chance: float) -> float:
    """Return the seconds to wait after so many failures in a row (from 1): 0.5 doubling to 8, less up to a half."""
    return min(8.0, 0.5 * math.ldexp(1.0, failures - 1)) * (1.0 - chance / 2)


class Pacer:
    """The windows in use, by bucket. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._windows: dict[Bucket, tuple[Window, float]] = {}

    def wait(self, bucket: Bucket, now: float) -> float:
        """Return the seconds to wait before asking."""
        window, seen = self._windows.get(bucket, (None, now))
        return wait_before(window, now - seen)

    def note(self, bucket: Bucket, headers: Headers, now: float) -> None:
        """Count a request and take in what its response said."""
        rate = read_rate_limit(headers)
        window, seen = self._windows.get(bucket, (None, now))
        changed = after_response(window, rate)
        if changed is not None:
            self._windows[bucket] = (changed, now if rate and not rate.of_concurrency else seen)

    def forget(self, bucket: Bucket) -> None:
        """Drop the window: what it says of its end is not believed any longer."""
        self._windows.pop(bucket, None)


def _least(headers: Headers, name: str) -> int | None:
    values = [value.strip() for value in headers.get(name, ())]
    return min(map(int, values)) if values and all(_is_count(value) for value in values) else None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len("9999999999999")
