import shutil
from datetime import timedelta
from pathlib import Path

from scim.tolerance import Leniency
from syncd.bootstrap.leniencies import WRITTEN_EVERY, LeniencyCounter
from syncd.store import SqlDatabase, open_database
from tests.conftest import APP, SteppingClock

NEEDED = frozenset({Leniency.BOOLEAN_AS_TEXT})


def uses(database: SqlDatabase) -> dict[str, int]:
    return {use.name: use.uses for use in database.leniency_uses(APP)}


def test_uses_add_up_and_are_written_every_few_seconds_and_at_the_end(database: SqlDatabase) -> None:
    clock = SteppingClock()
    counter = LeniencyCounter(database, clock)
    counter.count(APP, NEEDED)
    assert uses(database) == {"boolean-as-text": 1}
    counter.count(APP, NEEDED | {Leniency.WITHOUT_PATH})
    assert uses(database) == {"boolean-as-text": 1}
    clock.moment += WRITTEN_EVERY
    counter.count(APP, NEEDED)
    assert uses(database) == {"boolean-as-text": 3, "without-path": 1}
    counter.count(APP, NEEDED)
    counter.flush()
    counter.flush()
    assert uses(database) == {"boolean-as-text": 4, "without-path": 1}
    (found, _) = database.leniency_uses()
    assert (found.app, found.name) == (APP, "boolean-as-text")
    assert found.last - found.first >= timedelta(seconds=1)


def test_an_application_that_is_not_there_is_not_counted(database: SqlDatabase) -> None:
    counter = LeniencyCounter(database, SteppingClock())
    counter.count("other", NEEDED)
    assert database.leniency_uses() == database.leniency_uses("other") == ()


def test_what_cannot_be_written_now_is_written_later(tmp_path: Path, migrated_sqlite_file: Path) -> None:
    file = tmp_path / "syncd.db"
    file.write_bytes(b"no database" * 1000)
    database = open_database(f"sqlite:///{file}", clock=SteppingClock(), new_id=str)
    counter = LeniencyCounter(database, SteppingClock())
    counter.count(APP, NEEDED)
    shutil.copy(migrated_sqlite_file, file)
    database.ensure_app(APP, "0oaacme0000000000001")
    assert uses(database) == {}
    counter.flush()
    assert uses(database) == {"boolean-as-text": 1}
    database.close()
