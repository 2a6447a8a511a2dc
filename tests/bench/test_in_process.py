"""The measurement in process, on a directory that is small enough for a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.in_process.databases import POSTGRESQL, SQLITE
from bench.in_process.front_door import FrontDoor, front_door
from bench.in_process.loading import load
from bench.in_process.measuring import Cost, WrongAnswerError, measure
from bench.in_process.telling import OPERATIONS, text_of
from bench.in_process.world import World
from bench.options import FEWEST, read_options
from syncd.bootstrap.system import SystemClock, new_id

WORLD = World(FEWEST)


def nothing(_: str) -> None:
    """Say nothing."""


@contextmanager
def loaded(url: str) -> Iterator[FrontDoor]:
    load(url, WORLD, SystemClock(), nothing)
    with front_door(url, SystemClock(), new_id) as door:
        yield door


def test_every_operation_is_measured_and_told(sqlite_url: str) -> None:
    with loaded(sqlite_url) as door:
        costs = dict(measure(door, WORLD, requests=6))
    assert set(costs) == set(OPERATIONS)
    assert all(0 < cost.p50 <= cost.p99 and cost.requests for cost in costs.values())
    text = text_of("Measured.", WORLD, {SQLITE: costs})
    assert all(title.split("{")[0] in text for title, _ in OPERATIONS.values())


def test_an_empty_directory_gives_no_figures(sqlite_url: str) -> None:
    with front_door(sqlite_url, SystemClock(), new_id) as door, pytest.raises(WrongAnswerError, match="404"):
        dict(measure(door, WORLD, requests=6))


@pytest.mark.parametrize(("large", "reached"), [(1.5, "yes"), (1.51, "NO")])
def test_the_ratio_of_both_databases_must_be_small_enough(large: float, reached: str) -> None:
    good = dict.fromkeys(OPERATIONS, Cost(1.0, 1.0, 1.0, 1))
    worse = good | {"add_large": Cost(large, 2.0, 1.0, 1)}
    text = text_of("Measured.", WORLD, {SQLITE: good, POSTGRESQL: worse})
    (row,) = (line for line in text.splitlines() if line.startswith("| add one member, a group of 200"))
    assert row.split("|")[-2].strip() == reached


def test_a_directory_without_a_middle_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--users", "100"])
    assert "at least 2,000 are needed" in capsys.readouterr().err
