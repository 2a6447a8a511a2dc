"""A busy month, on each kind of database or packed once for all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.evidence import Pack
from syncd.store import SqlDatabase, upgrade
from tests.conftest import SteppingClock, opened
from tests.evidence.made import Month, busy, month


@pytest.fixture
def made(database: SqlDatabase, clock: SteppingClock, tmp_path: Path) -> Iterator[Month]:
    with month(database, clock, tmp_path) as empty:
        yield busy(empty)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Month, Pack]]:
    """A month and its pack that nobody changes."""
    folder, clock = tmp_path_factory.mktemp("packed"), SteppingClock()
    url = f"sqlite:///{folder / 'syncd.db'}"
    upgrade(url)
    with opened(url, clock) as database, month(database, clock, folder) as empty:
        busy(empty)
        yield empty, empty.pack()
