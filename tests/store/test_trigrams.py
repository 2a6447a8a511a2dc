"""The optional indexes of PostgreSQL: made where that is possible, and done without where it is not."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from scim.core_schemas import USER_TYPE
from scim.filter.parser import parse_filter
from scim.store import Query
from syncd.core.changes import Cause
from syncd.store import check, upgrade
from syncd.store.engine import make_engine
from syncd.store.trigrams import TRIGRAMS, trigrams_there
from tests.conftest import APP, SteppingClock, opened


@pytest.fixture
def plain_server(postgres_server_url: str) -> str:
    return postgres_server_url.replace("postgresql+psycopg:", "postgresql:")


@pytest.fixture
def bare(plain_server: str, postgres_server_url: str) -> Iterator[tuple[str, str]]:
    """A database without the extension, and its URL for a role that may not make one there."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(plain_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        server.execute(f"CREATE ROLE {name} NOLOGIN".encode())
    inside = _database(plain_server, name)
    with psycopg.connect(inside, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA s AUTHORIZATION {name}".encode())
    yield inside, f"{_database(postgres_server_url, name)}?options=-csearch_path%3Ds,public%20-crole%3D{name}"
    with psycopg.connect(plain_server, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        server.execute(f"DROP ROLE {name}".encode())


def _database(url: str, name: str) -> str:
    return f"{url.partition('?')[0].rpartition('/')[0]}/{name}"


def there(url: str) -> frozenset[str]:
    with make_engine(url).connect() as connection:
        return trigrams_there(connection)


def test_where_the_server_offers_it_every_column_has_its_index(postgres_url: str, sqlite_url: str) -> None:
    assert there(postgres_url) == {str(column) for column in TRIGRAMS.values()}
    assert there(sqlite_url) == frozenset()


def test_a_role_that_may_not_make_it_works_without_and_a_later_upgrade_makes_the_indexes(
    bare: tuple[str, str], clock: SteppingClock
) -> None:
    inside, url = bare
    upgrade(url)
    check(url)
    assert there(url) == frozenset()
    with opened(url, clock) as database, database.transaction(APP, Cause("test")) as unit:
        unit.resources.create("User", {"userName": "100%_sure"})
        unit.resources.create("User", {"userName": "100xysure"})
        for text, names in (("0%_s", ["100%_sure"]), ("sure", ["100%_sure", "100xysure"])):
            found = unit.resources.find(Query("User", parse_filter(f'userName co "{text}"', USER_TYPE)))
            assert [one.document["userName"] for one in found.resources] == names
    with psycopg.connect(inside, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    upgrade(url)
    assert there(url) == {str(column) for column in TRIGRAMS.values()}
