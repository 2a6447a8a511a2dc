import os
import uuid
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from scim.errors import Unavailable
from scim.store import Query
from syncd.core.changes import Cause
from syncd.store import DatabaseUnavailableError, SqlDatabase, display_url, open_database, with_schema
from syncd.store.engine import DatabaseFileError
from syncd.store.unit_of_work import SqlUnitOfWork
from syncd.store.urls import parse_url
from syncd.store.writer_lock import WriterLock
from tests.conftest import APP, SteppingClock

CAUSE = Cause("test")


def add_user(database: SqlDatabase, name: str) -> None:
    with database.transaction(APP, CAUSE) as unit:
        unit.resources.create("User", {"userName": name})


def user_names(database: SqlDatabase) -> list[str]:
    with database.reading(APP) as unit:
        return [one.document["userName"] for one in unit.resources.find(Query("User")).resources]


def setting(unit: SqlUnitOfWork, query: str) -> object:
    return unit._scope.connection.exec_driver_sql(query).scalar()


# ------------------------------------------------------------------ settings


def test_sqlite_commits_are_durable_and_foreign_keys_hold(sqlite_database: SqlDatabase) -> None:
    with sqlite_database.reading(APP) as unit:
        found = {name: setting(unit, f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.postgres
def test_postgresql_bounds_what_a_statement_may_take(postgres_database: SqlDatabase) -> None:
    with postgres_database.transaction(APP, CAUSE) as unit:
        assert setting(unit, "SHOW transaction_isolation") == "read committed"
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            assert setting(unit, f"SHOW {name}") != "0"
    with postgres_database.reading(APP) as unit:
        assert setting(unit, "SHOW transaction_isolation") == "repeatable read"
        assert setting(unit, "SHOW transaction_read_only") == "on"


# ------------------------------------------------------------------ connections


def test_a_connection_is_used_again_by_one_unit_at_a_time(database: SqlDatabase) -> None:
    with database.reading(APP) as first, database.reading(APP) as second:
        held = {first._scope.connection, second._scope.connection}
        assert len(held) == 2
        assert database.in_use == 2
    with database.transaction(APP, CAUSE) as unit:
        assert unit._scope.connection in held
    assert database.in_use == 0


def test_a_child_process_opens_connections_of_its_own(database: SqlDatabase) -> None:
    add_user(database, "before")
    child = os.fork()
    if child == 0:
        try:
            add_user(database, "child")
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    add_user(database, "parent")
    assert user_names(database) == ["before", "child", "parent"]


def test_a_transaction_that_has_silently_ended_is_no_success(database: SqlDatabase) -> None:
    with pytest.raises(Unavailable), database.transaction(APP, CAUSE) as unit:
        unit._scope.connection.exec_driver_sql("ROLLBACK")
    assert database.in_use == 0


@pytest.mark.postgres
def test_connections_that_died_while_idle_are_replaced(postgres_database: SqlDatabase, postgres_url: str) -> None:
    for work in (lambda: add_user(postgres_database, uuid.uuid4().hex), lambda: user_names(postgres_database)):
        work()
        kill(postgres_url, backend(postgres_database))
        work()
    kill(postgres_url, backend(postgres_database))
    assert postgres_database.find_token(b"x" * 32) is None


@pytest.mark.postgres
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_connection_that_dies_within_a_unit_makes_it_unavailable_and_writes_nothing(
    postgres_database: SqlDatabase, postgres_url: str, goes_on: bool
) -> None:
    def lose_the_connection() -> None:
        with postgres_database.transaction(APP, CAUSE) as unit:
            unit.resources.create("User", {"userName": "ann"})
            kill(postgres_url, int(str(setting(unit, "SELECT pg_backend_pid()"))))
            if goes_on:
                unit.resources.create("User", {"userName": "bob"})

    with pytest.raises(DatabaseUnavailableError, match="try again") as raised:
        lose_the_connection()
    assert "terminat" in raised.value.reason or "closed" in raised.value.reason
    assert user_names(postgres_database) == []


def backend(database: SqlDatabase) -> int:
    with database.reading(APP) as unit:
        return int(str(setting(unit, "SELECT pg_backend_pid()")))


def kill(url: str, process: int) -> None:
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [process])
        while connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [process]).fetchone():
            pass


@pytest.mark.postgres
def test_an_unreachable_server_is_unavailable(clock: SteppingClock) -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/none", clock=clock, new_id=str)
    for work in (lambda: add_user(database, "x"), lambda: user_names(database), lambda: database.find_token(b"x")):
        with pytest.raises(DatabaseUnavailableError, match="cannot be reached") as raised:
            work()
        assert "127.0.0.1" in raised.value.reason
        assert "127.0.0.1" not in raised.value.detail
    database.close()


# ------------------------------------------------------------------ SQLite


def test_a_full_disk_is_unavailable_and_the_database_works_again(sqlite_database: SqlDatabase) -> None:
    def fill_the_disk() -> None:
        with sqlite_database.transaction(APP, CAUSE) as unit:
            setting(unit, f"PRAGMA max_page_count = {setting(unit, 'PRAGMA page_count')}")
            for number in range(20):
                unit.resources.create("User", {"userName": str(number), "title": "x" * 8000})

    add_user(sqlite_database, "before")
    with pytest.raises(DatabaseUnavailableError) as raised:
        fill_the_disk()
    assert "full" in raised.value.reason
    assert user_names(sqlite_database) == ["before"]
    add_user(sqlite_database, "after")
    assert user_names(sqlite_database) == ["before", "after"]


def test_a_file_that_is_no_database_says_so(tmp_path: Path, clock: SteppingClock) -> None:
    (tmp_path / "text.db").write_text("not a database at all, but long enough to be read as a header\n" * 20)
    database = open_database(f"sqlite:///{tmp_path / 'text.db'}", clock=clock, new_id=str)
    with pytest.raises(DatabaseUnavailableError) as raised:
        user_names(database)
    assert "not a database" in raised.value.reason
    database.close()


def test_a_writer_that_waits_too_long_gives_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    ours, theirs = WriterLock(path, patience=0.05), WriterLock(path, patience=0.05)
    with ours.held():
        for other in (ours, theirs):
            refused: list[Unavailable] = []
            thread = Thread(target=lambda lock=other, refused=refused: try_to_hold(lock, refused))
            thread.start()
            thread.join()
            assert len(refused) == 1
            assert "0.05 seconds" in refused[0].detail
    with theirs.held():
        pass
    ours.close()
    theirs.close()


def try_to_hold(lock: WriterLock, refused: list[Unavailable]) -> None:
    try:
        with lock.held():
            pass
    except Unavailable as error:
        refused.append(error)


def test_a_writer_lock_that_is_held_by_the_parent_is_not_held_by_its_child(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "lock", patience=0.05)
    with lock.held():
        child = os.fork()
        if child == 0:
            refused: list[Unavailable] = []
            try_to_hold(lock, refused)
            os._exit(len(refused))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    lock.close()


# ------------------------------------------------------------------ URLs


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_postgresql_urls_mean_the_one_driver(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://h/d"]
)
def test_other_urls_are_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match=r"Write sqlite:////absolute/path\.db or postgresql://user@host/database\."):
        parse_url(url)


def test_a_shown_url_has_no_password() -> None:
    assert display_url("postgresql://u:secret@h/d") == "postgresql+psycopg://u:***@h/d"


def test_the_url_of_a_schema_keeps_other_options() -> None:
    url = with_schema("postgresql://u:p@h/d?options=-cwork_mem%3D8MB", "s")
    assert parse_url(url).query["options"] == "-cwork_mem=8MB -csearch_path=s"
    assert parse_url(url).password == "p"


def test_a_sqlite_file_that_cannot_be_made_says_why(tmp_path: Path, clock: SteppingClock) -> None:
    with pytest.raises(DatabaseFileError, match=r"cannot be opened: No such file or directory\. Run this as the user"):
        open_database(f"sqlite:///{tmp_path / 'no' / 'such.db'}", clock=clock, new_id=str)
