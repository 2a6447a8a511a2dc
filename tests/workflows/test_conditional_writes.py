from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from syncd.store import SqlDatabase
from tests.conftest import APP
from tests.workflows.pushing import Pusher

THREADS = 6


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_of_many_writes_that_count_on_one_version_one_is_done(database: SqlDatabase, method: str) -> None:
    pusher = Pusher(database, APP)
    path, barrier = f"/Users/{pusher.user()}", Barrier(THREADS)

    def write(number: int) -> int:
        operation = {"op": "replace", "path": "title", "value": f"title {number}"}
        bodies: dict[str, Any] = {
            "PUT": {"userName": "ann", "title": f"title {number}"},
            "PATCH": {"Operations": [operation]},
        }
        barrier.wait()
        return pusher.send(method, path, bodies.get(method), if_match='W/"1"').status

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = Counter(pool.map(write, range(THREADS)))
    refused = 404 if method == "DELETE" else 412
    assert statuses == {204 if method == "DELETE" else 200: 1, refused: THREADS - 1}


def test_a_version_is_asked_for_in_the_database_too(database: SqlDatabase) -> None:
    pusher = Pusher(database, APP)
    path = f"/Users/{pusher.user()}"
    assert pusher.send("GET", path, if_none_match='W/"1"').status == 304
    assert pusher.send("PUT", path, {"userName": "ann", "title": "Guide"}, if_match='W/"1"').status == 200
    assert pusher.send("PUT", path, {"userName": "ann", "title": "Chef"}, if_match='W/"1"').status == 412
    assert pusher.send("GET", path, if_none_match='W/"1"').body["title"] == "Guide"
