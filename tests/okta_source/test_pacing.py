from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.okta_source.pacing import (
    Bucket,
    Pacer,
    RateLimit,
    Window,
    after_response,
    back_off,
    read_rate_limit,
    wait_after_refusal,
    wait_before,
)

NOW = 1_800_000_000
DATE = formatdate(NOW, usegmt=True)
Headers = dict[str, tuple[str, ...]]


def headers(limit: int, remaining: int, reset: float, now: float = NOW) -> Headers:
    return {
        "x-rate-limit-limit": (str(limit),),
        "x-rate-limit-remaining": (str(remaining),),
        "x-rate-limit-reset": (str(int(reset)),),
        "date": (formatdate(int(now), usegmt=True),),
    }


def rate(remaining: int, reset: int = NOW + 60, now: int = NOW, limit: int = 100) -> RateLimit:
    return RateLimit(limit, remaining, reset, now)


@pytest.mark.parametrize(
    ("given_headers", "expected"),
    [
        (headers(100, 99, NOW + 60), rate(99)),
        ({**headers(100, 99, NOW + 60), "x-rate-limit-remaining": ("99", "7")}, rate(7)),
        ({**headers(100, 99, NOW + 60), "x-rate-limit-limit": ()}, RateLimit(None, 99, NOW + 60, NOW)),
        ({**headers(100, 99, NOW + 60), "x-rate-limit-remaining": ("many",)}, None),
        ({**headers(100, 99, NOW + 60), "x-rate-limit-remaining": ("-1",)}, None),
        ({**headers(100, 99, NOW + 60), "x-rate-limit-reset": ("1" * 40,)}, None),
        ({**headers(100, 99, NOW + 60), "x-rate-limit-reset": ()}, None),
        ({**headers(100, 99, NOW + 60), "date": ("yesterday",)}, None),
        ({**headers(100, 99, NOW + 60), "date": ()}, None),
        ({}, None),
    ],
)
def test_headers_that_say_too_little_are_no_rate_limit(given_headers: Headers, expected: RateLimit | None) -> None:
    assert read_rate_limit(given_headers) == expected


OPEN = Window(reset=NOW + 60, allowance=10, seconds_left=60)


@pytest.mark.parametrize(
    ("window", "said", "expected"),
    [
        pytest.param(None, rate(99), Window(NOW + 60, 49, 60), id="first seen: half of 100, less the one that saw it"),
        pytest.param(None, rate(1), Window(NOW + 60, 0, 60), id="half of two is the one that saw it"),
        pytest.param(None, rate(0), Window(NOW + 60, 0, 60), id="at least one"),
        pytest.param(OPEN, rate(80, now=NOW + 5), Window(NOW + 60, 9, 55), id="one less"),
        pytest.param(OPEN, rate(3, now=NOW + 5), Window(NOW + 60, 3, 55), id="others were quicker"),
        pytest.param(OPEN, rate(80, NOW + 90, NOW + 5), Window(NOW + 60, 9, 55), id="a moved reset is no new window"),
        pytest.param(OPEN, rate(99, NOW + 120, NOW + 60), Window(NOW + 120, 49, 60), id="the next window"),
        pytest.param(OPEN, rate(0, limit=0), Window(NOW + 60, 9, 60), id="too many at once says nothing of the window"),
        pytest.param(OPEN, None, Window(NOW + 60, 9, 60), id="no headers"),
        pytest.param(None, None, None, id="no headers ever"),
    ],
)
def test_a_window_after_a_response(window: Window | None, said: RateLimit | None, expected: Window | None) -> None:
    assert after_response(window, said) == expected


@pytest.mark.parametrize(
    ("window", "elapsed", "seconds"),
    [
        (None, 0.0, 0.0),
        (OPEN, 0.0, 0.0),
        (Window(NOW, 0, 21), 0.0, 22.0),
        (Window(NOW, 0, 21), 20.0, 2.0),
        (Window(NOW, 0, 21), 500.0, 0.0),
        (Window(NOW, -3, 21), 0.0, 22.0),
    ],
)
def test_the_reset_is_waited_for_when_the_half_is_used(window: Window | None, elapsed: float, seconds: float) -> None:
    assert wait_before(window, elapsed) == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (headers(100, 0, NOW + 21), 22.5),
        (headers(100, 0, NOW - 5), 1.5),
        (headers(100, 0, NOW + 86_400), 86_401.5),
        (headers(0, 0, NOW + 114), 3.0),
        ({"retry-after": ("7",)}, 7.5),
        ({"retry-after": ("Wed, 21 Oct 2026 07:28:00 GMT",)}, 30.5),
        ({}, 30.5),
    ],
)
def test_a_refusal_says_how_long_to_wait(said: Headers, seconds: float) -> None:
    assert wait_after_refusal(said, 0.5) == seconds


@given(st.floats(0, 1))
def test_a_refusal_for_concurrency_waits_one_to_five_seconds(chance: float) -> None:
    assert 1.0 <= wait_after_refusal(headers(0, 0, NOW + 114), chance) <= 5.0


@given(st.integers(1, 1000), st.floats(0, 1))
def test_backing_off_never_takes_longer_than_eight_seconds(failures: int, chance: float) -> None:
    assert 0.25 <= back_off(failures, chance) <= 8.0


@dataclass
class Bucketful:
    """Okta's side: `limit` requests a minute for everybody, in windows that start at `offset`."""

    limit: int
    offset: float
    now: float
    left: int = 0
    window: int = -1
    before_us: dict[int, int] = field(default_factory=dict)
    ours: Counter[int] = field(default_factory=Counter)

    def turn(self) -> None:
        window = int((self.now - self.offset) // 60)
        if window != self.window:
            self.window, self.left = window, self.limit

    def used_by_others(self, count: int) -> None:
        self.turn()
        self.left = max(0, self.left - count)

    def asked_by_us(self) -> Headers:
        self.turn()
        self.before_us.setdefault(self.window, self.left)
        self.ours[self.window] += 1
        self.left = max(0, self.left - 1)
        return headers(self.limit, self.left, self.offset + 60 * (self.window + 1), self.now)


@given(
    limit=st.integers(1, 100),
    offset=st.integers(0, 59),
    steps=st.lists(
        st.tuples(st.floats(0.01, 20), st.integers(0, 5), st.sampled_from(["said", "said", "silent", "at once"])),
        min_size=1,
        max_size=120,
    ),
)
def test_a_window_is_never_used_beyond_half_of_what_was_left_of_it(
    limit: int, offset: int, steps: list[tuple[float, int, str]]
) -> None:
    """Requests take a while, others ask too, headers go missing: after a first response that says how much is left."""
    okta, pacer = Bucketful(limit, offset, float(NOW)), Pacer()
    seen: set[int] = set()
    for took, others, manner in steps:
        okta.now += pacer.wait(Bucket.APP_USERS, okta.now)
        answer = okta.asked_by_us()
        if okta.window in seen and manner == "silent":
            answer = {}
        if okta.window in seen and manner == "at once":
            answer = headers(0, 0, okta.now + 114, okta.now)
        seen.add(okta.window)
        pacer.note(Bucket.APP_USERS, answer, okta.now)
        okta.now += took
        okta.used_by_others(others)
    for window, left in okta.before_us.items():
        assert okta.ours[window] <= max(1, left // 2)


def test_buckets_are_counted_apart() -> None:
    pacer = Pacer()
    pacer.note(Bucket.APP_USERS, headers(2, 1, NOW + 60), 0.0)
    assert pacer.wait(Bucket.APP_USERS, 0.0) == 61.0
    assert pacer.wait(Bucket.USERS, 0.0) == 0.0
