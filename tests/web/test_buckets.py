"""A bucket never gives more than its burst and what has flowed in since."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.web.buckets import Buckets, whole_seconds


@dataclass
class Hands:
    """A clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_then_one_for_each_that_flows_in() -> None:
    clock = Hands()
    buckets = Buckets(2, 3, clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    clock.now = 100
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_each_key_has_a_bucket_of_its_own() -> None:
    buckets = Buckets(1, 1, Hands())
    assert [buckets.take(key) for key in "aab"] == [0, 1, 0]


def test_asking_takes_nothing() -> None:
    buckets = Buckets(1, 1, Hands())
    assert [buckets.wait("a"), buckets.wait("a"), buckets.take("a"), buckets.wait("a")] == [0, 0, 0, 1]


def test_no_rate_is_no_limit() -> None:
    buckets = Buckets(0, 1, Hands())
    assert {buckets.take("a") for _ in range(100)} | {buckets.wait("a")} == {0}


def test_no_more_keys_are_kept_than_allowed_and_the_oldest_goes_first() -> None:
    buckets = Buckets(1, 1, Hands(), most=2)
    for key in ("a", "b", "c"):
        buckets.take(key)
    assert [buckets.wait(key) for key in ("a", "b", "c")] == [0, 1, 1]


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.1, 10), st.integers(1, 10))
def test_nobody_gets_more_than_the_burst_and_what_flowed_in(pauses: list[float], rate: float, burst: int) -> None:
    clock = Hands()
    buckets = Buckets(rate, burst, clock)
    given_out = 0
    for pause in pauses:
        clock.now += pause
        waited = buckets.take("a")
        given_out += waited == 0
        assert waited <= 1 / rate
    assert given_out <= burst + rate * clock.now + 1e-6


@pytest.mark.parametrize(("seconds", "told"), [(0.001, 1), (1.0, 1), (1.2, 2), (59.01, 60)])
def test_a_wait_is_told_in_whole_seconds_and_never_too_short(seconds: float, told: int) -> None:
    assert whole_seconds(seconds) == told
