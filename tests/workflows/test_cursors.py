"""Cursors end to end: two processes' worth of the application, two tenants, one database."""

from functools import partial
from typing import Any

import orjson
import pytest

from scim.exchange import MEDIA_TYPE, ScimRequest
from scim.provider import Provider
from scim.representation import encode
from syncd.bootstrap.system import new_key
from syncd.core.changes import Cause
from syncd.store import SqlDatabase
from syncd.web.cursor_seal import CursorSealer
from syncd.workflows.accept_push import accept_push
from tests.conftest import APP, SteppingClock, opened

OTHER = "other"


@pytest.fixture
def furnished(database: SqlDatabase) -> SqlDatabase:
    database.ensure_app(OTHER, "0oaother000000000001")
    for app in (APP, OTHER):
        with database.transaction(app, Cause("test")) as unit:
            for number in range(5):
                unit.resources.create("User", {"userName": f"u{number}"})
    return database


def ask(database: SqlDatabase, clock: SteppingClock, app: str, **query: Any) -> Any:
    """Answer as a process does that has just been started."""
    seal = CursorSealer(partial(database.shared_key, "cursors", new_key), clock)
    request = ScimRequest("POST", "/Users/.search", body=encode(query), content_type=MEDIA_TYPE)
    provider = Provider("https://syncd.example/scim/v2", cursors=seal)
    return orjson.loads(accept_push(database, app, Cause("test"), request, provider).body)


def test_any_process_goes_on_where_another_one_was(
    furnished: SqlDatabase, database_url: str, clock: SteppingClock
) -> None:
    query: dict[str, Any] = {"sortBy": "userName", "sortOrder": "descending", "count": 2}
    found: list[str] = []
    cursor: str | None = ""
    with opened(database_url, clock) as another:
        for process in [furnished, another, furnished]:
            assert cursor is not None
            page = ask(process, clock, APP, cursor=cursor, **query)
            found += [one["userName"] for one in page["Resources"]]
            cursor = page.get("nextCursor")
    assert (found, cursor) == (["u4", "u3", "u2", "u1", "u0"], None)


def test_a_cursor_of_one_application_means_nothing_to_another(furnished: SqlDatabase, clock: SteppingClock) -> None:
    cursor = ask(furnished, clock, APP, cursor="", count=2)["nextCursor"]
    assert ask(furnished, clock, OTHER, cursor=cursor, count=2)["scimType"] == "invalidCursor"
    assert ask(furnished, clock, APP, cursor=cursor, count=2)["itemsPerPage"] == 2
