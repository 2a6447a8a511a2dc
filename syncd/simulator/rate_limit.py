"""Okta's rate limits: a bucket per family of endpoints, a window of a minute, three headers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from syncd.simulator.exchange import Header

WINDOW_SECONDS: Final = 60
GENEROUS: Final = 12_000
WORKFORCE: Final[Mapping[str, int]] = {
    "/api/v1/apps": 100,
    "/api/v1/apps/{id}": 500,
    "/api/v1/users": 600,
    "/api/v1/users/{id}": 2000,
    "/api/v1/groups": 500,
    "/api/v1/groups/{id}": 1000,
    "/api/v1/logs": 120,
}
"""Limits per minute of a workforce org without an uplift, for rehearsals at the real pace."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bucket stands after a request; `reset` is in seconds of the epoch."""

    limit: int
    remaining: int
    reset: int
    allowed: bool = True

    def headers(self) -> tuple[Header, ...]:
        """Return the three headers."""
        return (
            ("X-Rate-Limit-Limit", str(self.limit)),
            ("X-Rate-Limit-Remaining", str(self.remaining)),
            ("X-Rate-Limit-Reset", str(self.reset)),
        )


@dataclass(slots=True)
class _Bucket:
    reset: int = 0
    used: int = 0


class RateLimits:
    """The buckets of an org. Not safe by itself: the org's lock is held around it.

    `per_minute` may be changed at any time; a bucket that it does not name has `otherwise`. With `enabled` False
    nothing is counted and no header is sent.
    """

    def __init__(
        self, clock: Callable[[], datetime], per_minute: Mapping[str, int] | None = None, otherwise: int = GENEROUS
    ) -> None:
        self.enabled = True
        self.per_minute = dict(per_minute or {})
        self.otherwise = otherwise
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, bucket: str) -> Standing | None:
        """Count a request and return how its bucket stands; None while switched off."""
        if not self.enabled:
            return None
        now = int(self._clock().timestamp())
        counter = self._buckets.setdefault(bucket, _Bucket())
        if now >= counter.reset:
            counter.reset, counter.used = now + WINDOW_SECONDS, 0
        counter.used += 1
        limit = self.per_minute.get(bucket, self.otherwise)
        return Standing(limit, max(0, limit - counter.used), counter.reset, allowed=counter.used <= limit)

    def exhausted(self, bucket: str, seconds: float, *, concurrency: bool = False) -> Standing:
        """Return the standing of a refusal on demand; one for concurrency has a limit of 0 (Okta: rate limits)."""
        limit = 0 if concurrency else self.per_minute.get(bucket, self.otherwise)
        return Standing(limit, 0, int(self._clock().timestamp() + seconds), allowed=False)
