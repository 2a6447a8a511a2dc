import secrets
from concurrent.futures import ThreadPoolExecutor

from syncd.store import SqlDatabase
from tests.conftest import SteppingClock, opened


def fresh() -> bytes:
    return secrets.token_bytes(32)


def test_a_key_is_made_once_and_the_same_for_everybody(
    database: SqlDatabase, database_url: str, clock: SteppingClock
) -> None:
    with opened(database_url, clock) as another, ThreadPoolExecutor(8) as pool:
        both = [database, another] * 8
        keys = set(pool.map(lambda one: one.shared_key("cursors", fresh), both))
    assert len(keys) == 1
    assert database.shared_key("another", fresh) not in keys
