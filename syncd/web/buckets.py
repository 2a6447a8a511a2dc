"""Token buckets (as in ITU-T I.371): how often somebody may do something. No I/O; the clock is handed in."""

import math
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

_MOST_KEYS: Final = 10_000


class Buckets:
    """One bucket for each key: it holds `burst` pieces at most and gains `per_second` of them.

    `per_second` 0 stands for no limit. No more than `most` are kept: beyond that the one taken from longest ago is
    forgotten, and full again. May be used by any number of threads.
    """

    def __init__(self, per_second: float, burst: float, monotonic: Callable[[], float], most: int = _MOST_KEYS) -> None:
        """`monotonic` gives seconds that never go back."""
        self._per_second = per_second
        self._burst = burst
        self._monotonic = monotonic
        self._most = most
        self._levels: dict[Hashable, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, key: Hashable) -> float:
        """Take a piece and return 0, or leave it and return in how many seconds there is one."""
        if not self._per_second:
            return 0.0
        with self._lock:
            now = self._monotonic()
            level = self._level(key, now)
            if level < 1:
                return (1 - level) / self._per_second
            self._levels.pop(key, None)
            self._levels[key] = (level - 1, now)
            while len(self._levels) > self._most:
                del self._levels[next(iter(self._levels))]
        return 0.0

    def wait(self, key: Hashable) -> float:
        """Return in how many seconds there is a piece, 0 for now. Takes none."""
        if not self._per_second:
            return 0.0
        with self._lock:
            level = self._level(key, self._monotonic())
        return max(0.0, (1 - level) / self._per_second)

    def _level(self, key: Hashable, now: float) -> float:
        level, at = self._levels.get(key, (self._burst, now))
        return min(self._burst, level + (now - at) * self._per_second)


def whole_seconds(seconds: float) -> int:
    """Return a wait as Retry-After has it: whole seconds, one at least (RFC 9110 section 10.2.3)."""
    return max(1, math.ceil(seconds))
