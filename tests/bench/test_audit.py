"""The measurement of the audit log, with so few writes that a test can wait for them."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from bench.audit.events import write_events
from bench.audit.lag import Growth
from bench.audit.pushing import CLIENTS, Pushed, Stretch, measure_pushing
from bench.audit.sealer import Log, Verified, seal_all, verify
from bench.audit.telling import AtSize, text_of
from bench.bodies import set_active
from bench.in_process.databases import POSTGRESQL, SQLITE
from bench.in_process.front_door import front_door, send
from bench.in_process.world import identity, user_body
from bench.samples import Sample
from bench.scale import QUICK
from bench.servers.syncd import on_postgresql
from bench.timing import Took
from syncd.store import upgrade
from syncd.store.engine import make_engine
from tests.store.inspection import rows_of

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEW = replace(QUICK, sealing_rounds=2, sealing_writes=60)


class StandingClock:
    def now(self) -> datetime:
        return BEGAN


def told(url: str) -> list[dict[str, Any]]:
    """Return what the events of a database say, the personal part in place of the commitment to it."""
    with make_engine(url).connect() as connection:
        rows = connection.execute(text("SELECT subject_id, body, personal FROM audit_event ORDER BY pk")).all()
    return [orjson.loads(row.body) | {"of": row.subject_id, "personal": orjson.loads(row.personal)} for row in rows]


def test_written_events_are_those_that_the_front_door_writes(sqlite_url: str, tmp_path: Path) -> None:
    another = f"sqlite:///{tmp_path / 'another.db'}"
    upgrade(another)
    write_events(another, 6, StandingClock(), lambda _: None)
    names = (identity("User", number) for number in range(2))
    with front_door(sqlite_url, StandingClock(), lambda: next(names)) as door:
        for number in range(2):
            assert door.answer(send("POST", "/Users", user_body(number))).status == 201
            path = f"/Users/{identity('User', number)}"
            assert door.answer(send("PATCH", path, set_active(False))).status == 200
    assert told(another)[2:] == told(sqlite_url)


def test_all_of_them_wait_are_sealed_and_hold(database_url: str, tmp_path: Path) -> None:
    write_events(database_url, 5003, StandingClock(), lambda _: None)
    assert len(rows_of(database_url)["audit_pending"]) == 5003
    log = Log.of(database_url, tmp_path / "heads")
    sealed, took = seal_all(log)
    verified = verify(log)
    assert (sealed, verified.entries, verified.faults) == (5003, 5003, ())
    assert verified.took.work > 0
    assert took.wall > 0


def test_the_key_of_a_log_is_not_shown(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(Log.of("sqlite://", tmp_path / "heads"))


def test_an_entry_was_sealed_when_it_was_seen_first() -> None:
    growth = Growth()
    for size, second in ((3, 0), (3, 1), (7, 2)):
        growth.note(size, BEGAN + timedelta(seconds=second))
    assert [growth.seen(seq) for seq in (0, 2, 3, 6)] == [BEGAN, BEGAN, *[BEGAN + timedelta(seconds=2)] * 2]
    assert growth.seen(7) is None


@pytest.mark.postgres
def test_pushes_are_measured_with_the_sequencer_and_without(postgres_server_url: str, tmp_path: Path) -> None:
    with on_postgresql(tmp_path, postgres_server_url) as server, asyncio.Runner() as runner:
        pushed = measure_pushing(server, tmp_path, FEW, runner)
    assert [one.is_sealed for one in pushed.stretches] == [False, True, True, False]
    assert [len(one.lags) for one in pushed.stretches] == [0, 60, 60, 0]
    assert all(len(one.sample.seconds) == 60 and one.sample.is_right for one in pushed.stretches)
    assert all(lag > 0 for one in pushed.stretches for lag in one.lags)
    assert [(one.waited, one.sealer) for one in pushed.stretches if not one.is_sealed] == [(60, 0.0)] * 2
    assert pushed.acknowledged == pushed.events
    assert pushed.verified.faults == ()
    assert pushed.verified.entries >= pushed.events


def stretch(seconds: float, *, is_sealed: bool) -> Stretch:
    sample = Sample([0.1] * 100, seconds, 1.0, Counter())
    return Stretch(is_sealed, sample, 3, 0.5, 0.1, [0.2] * 99 + [2.0] if is_sealed else [])


@pytest.mark.parametrize(("slower", "reached"), [(1.17, "yes"), (1.18, "NO")])
def test_what_was_not_reached_is_told(slower: float, reached: str) -> None:
    good = Verified(1_000_000, Took(14.9, 9.0), 199.0, ())
    bad = Verified(1_000_000, Took(15.1, 9.0), 201.0, ("chain: it is broken",))
    stretches = [stretch(1.0, is_sealed=False), stretch(slower, is_sealed=True)]
    pushed = Pushed(stretches, [(100, 1.0)], 200, 199, 1, bad)
    at_size = {SQLITE: AtSize(1_000_000, Took(40.0, 20.0), good), POSTGRESQL: AtSize(1_000_000, Took(40.0, 20.0), bad)}
    rows = [line.split("|") for line in text_of("Measured.", FEW, pushed, at_size).splitlines() if "=" in line]
    found = {row[1].strip(): row[-2].strip() for row in rows}
    assert found == {
        "rate of pushes with the sequencer by that without": reached,
        "an event waits, 99 %": "yes",
        "deadlocks that the database counted": "NO",
        "faults in the log after the pushes": "NO",
        "acknowledged writes without an event": "NO",
        "verify 1,000,000 entries, SQLite": "yes",
        "peak memory of that, SQLite": "yes",
        "verify 1,000,000 entries, PostgreSQL": "NO",
        "peak memory of that, PostgreSQL": "NO",
    }


def test_without_postgresql_the_pushes_are_left_out() -> None:
    good = Verified(1000, Took(0.1, 0.1), 99.0, ())
    told_text = text_of("Measured.", FEW, None, {SQLITE: AtSize(1000, Took(1.0, 1.0), good)})
    assert str(CLIENTS) not in told_text
    assert "verify 1,000 entries, SQLite" in told_text
