from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event

from syncd.store import SchemaBehindError, check, current, upgrade
from syncd.store.engine import make_engine
from syncd.store.tables import METADATA
from syncd.store.trigrams import TRIGRAMS
from tests.store.inspection import definitions, table_names

NEWEST = "0013"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


def set_revision(url: str, revision: str) -> None:
    with make_engine(url).connect() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_a_database_without_tables_says_how_to_get_them(empty_url: str) -> None:
    assert current(empty_url) is None
    with pytest.raises(SchemaBehindError, match=r"no tables yet.*syncd db upgrade"):
        check(empty_url)


def test_a_missing_sqlite_file_is_not_made_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "missing.db"
    with pytest.raises(SchemaBehindError):
        check(f"sqlite:///{path}")
    assert list(tmp_path.iterdir()) == []


def test_an_upgrade_brings_the_newest_tables_and_may_be_repeated(empty_url: str) -> None:
    for _ in range(2):
        upgrade(empty_url)
        assert current(empty_url) == NEWEST
        check(empty_url)
    assert table_names(empty_url) >= METADATA.tables.keys()


def test_a_new_sqlite_file_is_its_owners_alone(empty_sqlite_url: str, tmp_path: Path) -> None:
    upgrade(empty_sqlite_url)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_tables_of_a_newer_release_are_left_alone(database_url: str) -> None:
    set_revision(database_url, "9999")
    for refused in (check, upgrade):
        with pytest.raises(SchemaBehindError, match="newer syncd"):
            refused(database_url)
    assert current(database_url) == "9999"


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(empty_url: str) -> None:
    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "CREATE TABLE outbox" in statement:
            raise ZeroDivisionError

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(ZeroDivisionError):
            upgrade(empty_url)
    finally:
        event.remove(Engine, "before_cursor_execute", fail)
    assert table_names(empty_url) == set()
    upgrade(empty_url)
    check(empty_url)


def test_migrations_end_at_the_tables_that_the_code_knows(database_url: str) -> None:
    with make_engine(database_url).connect() as connection:
        opts = {"compare_type": True, "target_metadata": METADATA, "include_name": is_declared}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, METADATA) == []


def test_the_database_itself_describes_migrated_and_declared_tables_alike(
    database_url: str, request: pytest.FixtureRequest
) -> None:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgres"
    declared_url: str = request.getfixturevalue(f"empty_{kind}_url")
    with make_engine(database_url).connect() as migrated, make_engine(declared_url).connect() as declared:
        METADATA.create_all(declared)
        assert definitions(declared) == {row for row in definitions(migrated) if row[1] not in TRIGRAMS}


def is_declared(name: str | None, _kind: str, _parents: Any) -> bool:
    """Leave out the indexes that are there only where the server offers them."""
    return name not in TRIGRAMS
