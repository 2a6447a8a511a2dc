"""Percentiles, medians, and when there is a figure at all."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.samples import TIMED_OUT, Figure, Sample, percentile

SECONDS = st.lists(st.floats(0, 1000), min_size=1, max_size=50)


def sample(count: int, each: float = 0.001, wrong: dict[str, int] | None = None) -> Sample:
    return Sample([each] * count, wall=count * each, cpu=count * each / 2, wrong=Counter(wrong or {}))


@given(SECONDS, st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    enough = math.ceil(share * len(values))
    assert found in values
    assert sum(value <= found for value in values) >= enough
    assert sum(value < found for value in values) < enough


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile([], 0.5) is None


def test_a_figure_is_the_median_of_its_runs() -> None:
    figure = Figure.of([sample(10, 0.001), sample(10, 0.002), sample(10, 0.1)], patience=5)
    assert figure.rate == pytest.approx(500)
    assert (figure.p50_ms, figure.runs, figure.note) == (2, 3, "")
    assert figure.cpu_ms == pytest.approx(1)


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        ([], "-"),
        ([sample(0, wrong={"status 501": 3})], "status 501"),
        ([sample(50), sample(50, wrong={"another result": 2})], "another result"),
        ([sample(1000), sample(0, wrong={TIMED_OUT: 1})], "> 5 s"),
    ],
    ids=["never run", "refused", "wrong too often", "too slow once"],
)
def test_what_went_wrong_is_told_in_place_of_a_figure(samples: list[Sample], note: str) -> None:
    figure = Figure.of(samples, patience=5)
    assert (figure.rate, figure.p50_ms, figure.note) == (None, None, note)


def test_a_few_wrong_answers_among_many_are_told_beside_the_figure() -> None:
    figure = Figure.of([sample(1000, wrong={"status 500": 3})], patience=5)
    assert figure.rate
    assert figure.note == "3 wrong"
