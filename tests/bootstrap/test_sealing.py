"""The worker's part: what is written is sealed and signed while it runs, and what goes wrong is told."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.bootstrap.auditing import Sealer
from syncd.bootstrap.system import SystemClock
from syncd.core.changes import Cause, Change
from syncd.core.notices import NoticeKind
from syncd.delivery.heads import HeadFolder
from syncd.signing import SigningKey, is_signed
from syncd.store import SqlDatabase
from syncd.store.engine import make_engine
from syncd.workflows.seal_audit import Notary

APP, ORIGIN = "acme", "example.com/syncd"
SOON = 30.0


@dataclass
class Work:
    """A worker's sealing, running."""

    database: SqlDatabase
    heads: Path
    stop: threading.Event

    def write(self, login: str) -> None:
        with self.database.transaction(APP, Cause("test")) as unit:
            unit.record(Change("User", None, {"userName": login, "active": True}))

    @property
    def signed(self) -> int:
        with self.database.audit_log.reading_log() as log:
            newest = log.newest_checkpoint()
        return newest.size if newest else 0

    @property
    def stands(self) -> list[str]:
        with self.database.reading(APP) as unit:
            of_log = (one for one in unit.notices.standing() if one.notice.kind is NoticeKind.AUDIT_LOG)
            return [one.notice.about for one in of_log if one.ended is None]


@pytest.fixture
def work(database: SqlDatabase, tmp_path: Path) -> Iterator[Work]:
    folder = tmp_path / "heads"
    folder.mkdir()
    notary = Notary(
        *(database.audit_log, SystemClock(), ORIGIN, SigningKey.new(ORIGIN), is_signed, HeadFolder(folder, ORIGIN))
    )
    made = Work(database, folder, threading.Event())
    thread = threading.Thread(target=Sealer(notary, database, [APP]).run, args=(made.stop,))
    thread.start()
    yield made
    made.stop.set()
    thread.join(SOON)
    assert not thread.is_alive()


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_is_written_is_sealed_signed_and_let_out(work: Work) -> None:
    work.write("ann")
    eventually(lambda: work.signed == 1)
    eventually(lambda: list(HeadFolder(work.heads, ORIGIN).notes()) != [])
    work.write("bob")
    eventually(lambda: not work.database.audit_log.waits())


def test_the_log_is_given_back_when_the_worker_ends(work: Work, database_url: str) -> None:
    work.write("ann")
    eventually(lambda: work.signed == 1)
    work.stop.set()

    def is_free() -> bool:
        with make_engine(database_url).connect() as connection:
            return connection.execute(text("SELECT holder FROM audit_head")).scalar() is None

    eventually(is_free)


def test_a_folder_that_is_gone_is_told_and_that_it_is_back_too(work: Work) -> None:
    gone = work.heads.with_name("unmounted")
    work.heads.rename(gone)
    work.write("ann")
    eventually(lambda: work.stands == ["unsigned"])
    eventually(lambda: not work.database.audit_log.waits())
    gone.rename(work.heads)
    eventually(lambda: work.signed >= 1)
    eventually(lambda: work.stands == [])


def test_a_log_that_does_not_hold_is_told_and_writes_go_on(work: Work, database_url: str) -> None:
    work.write("ann")
    eventually(lambda: work.signed == 1)
    with make_engine(database_url).begin() as connection:
        if database_url.startswith("sqlite"):
            connection.execute(text("DROP TRIGGER audit_log_no_update"))
            connection.execute(text("DROP TRIGGER audit_checkpoint_no_update"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        earlier = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp() * 1_000_000)
        connection.execute(text(f"UPDATE audit_checkpoint SET signed = {earlier}"))
        connection.execute(text("UPDATE audit_log SET leaf = chain"))
    work.write("bob")
    eventually(lambda: work.stands == ["broken"])
    work.write("cid")
    assert work.signed == 1


def test_an_alarm_that_cannot_be_written_down_ends_nothing_and_is_told_later(
    sqlite_database: SqlDatabase, tmp_path: Path
) -> None:
    notary = Notary(
        *(sqlite_database.audit_log, SystemClock(), ORIGIN, SigningKey.new(ORIGIN), is_signed),
        HeadFolder(tmp_path / "unmounted", ORIGIN),
    )
    sealer = Sealer(notary, sqlite_database, ["no such application"])
    assert sealer.seal_once() > 0
    sealer.apps, sealer.extended = [APP], 0.0
    assert sealer.seal_once() > 0
    with sqlite_database.reading(APP) as unit:
        assert [one.notice.about for one in unit.notices.standing()] == ["unsigned"]
