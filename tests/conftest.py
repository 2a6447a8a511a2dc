"""Databases for tests: each test has a SQLite file or a PostgreSQL schema of its own, with the migrated tables."""

import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import Engine, event

from scim.core_schemas import RESOURCE_TYPES
from scim.schema import ResourceType
from syncd.store import SqlDatabase, create_schema, drop_schema, open_database, upgrade, with_schema

APP = "acme"
POSTGRES_URL = "SYNCD_TEST_POSTGRES_URL"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """What a command sets up ends with its test: the stream that it logs to is closed by then."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class SteppingClock:
    """A clock that is one second later whenever it is asked."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database with the newest tables, on each kind of database in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str, clock: SteppingClock) -> Iterator[SqlDatabase]:
    """An open database that knows the application "acme"."""
    with opened(database_url, clock) as database:
        yield database


@pytest.fixture
def sqlite_database(sqlite_url: str, clock: SteppingClock) -> Iterator[SqlDatabase]:
    """The same, on SQLite only."""
    with opened(sqlite_url, clock) as database:
        yield database


@pytest.fixture
def postgres_database(postgres_url: str, clock: SteppingClock) -> Iterator[SqlDatabase]:
    """The same, on PostgreSQL only."""
    with opened(postgres_url, clock) as database:
        yield database


@contextmanager
def opened(
    url: str, clock: SteppingClock, resource_types: tuple[ResourceType, ...] = RESOURCE_TYPES
) -> Iterator[SqlDatabase]:
    """Open a database, and find afterwards that nothing was left open."""
    database = open_database(url, clock=clock, new_id=lambda: str(uuid.uuid4()), resource_types=resource_types)
    try:
        database.ensure_app(APP, "0oaacme0000000000001")
        yield database
        assert database.in_use == 0, "a unit of work was left open"
    finally:
        database.close()


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite_file: Path) -> str:
    path = tmp_path / "syncd.db"
    shutil.copy(migrated_sqlite_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server_url: str, migration_script: str) -> Iterator[str]:
    schema = new_schema_name()
    _run(postgres_server_url, f"CREATE SCHEMA {schema}; SET LOCAL search_path = {schema}; {migration_script}")
    yield with_schema(postgres_server_url, schema)
    _run(postgres_server_url, f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def empty_postgres_url(postgres_server_url: str) -> Iterator[str]:
    """A schema without tables."""
    schema = new_schema_name()
    create_schema(postgres_server_url, schema)
    yield with_schema(postgres_server_url, schema)
    drop_schema(postgres_server_url, schema)


@pytest.fixture(scope="session")
def postgres_server_url() -> str:
    url = os.environ.get(POSTGRES_URL)
    if url:
        return url
    if os.environ.get("SYNCD_TEST_REQUIRE_POSTGRES"):
        pytest.fail(f"{POSTGRES_URL} is not set, and SYNCD_TEST_REQUIRE_POSTGRES is")
    pytest.skip(f"{POSTGRES_URL} is not set")


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "syncd.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migration_script(postgres_server_url: str) -> str:
    """What the migrations send to PostgreSQL, as one script: a test gets its tables in one round trip."""
    schema = new_schema_name()
    create_schema(postgres_server_url, schema)
    try:
        statements = statements_during(lambda: upgrade(with_schema(postgres_server_url, schema)))
    finally:
        drop_schema(postgres_server_url, schema)
    return ";".join(sql for sql in statements if sql.lstrip().startswith(("CREATE", "INSERT", "ALTER", "UPDATE")))


def statements_during(work: Callable[[], None]) -> list[str]:
    """Return the SQL that all engines were sent while `work` ran."""
    statements: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    return statements


def new_schema_name() -> str:
    return f"test_{uuid.uuid4().hex}"


def _run(url: str, script: str) -> None:
    """Send a script to PostgreSQL as one transaction that need not survive a crash."""
    plain = url.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"BEGIN; SET LOCAL synchronous_commit = off; {script}; COMMIT".encode())
