"""syncd's front door without HTTP: a request's value goes in, the answer's value comes out, in a transaction."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import orjson

from scim.exchange import MEDIA_TYPE, ScimRequest, ScimResponse
from scim.provider import Provider
from syncd.core.changes import Cause
from syncd.ports import Clock
from syncd.store import SqlDatabase, open_database
from syncd.workflows.accept_push import accept_push

APP: Final = "bench"
PROVIDER: Final = Provider("http://127.0.0.1/scim/v2")
_CAUSE: Final = Cause("token:bench")


class FrontDoor:
    """An open database of one application."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    def answer(self, request: ScimRequest) -> ScimResponse:
        """Answer a request; what it changes is committed."""
        return accept_push(self._database, APP, _CAUSE, request, PROVIDER)


@contextmanager
def front_door(url: str, clock: Clock, new_id: Callable[[], str]) -> Iterator[FrontDoor]:
    """Open the database, whose tables are current, and know the application in it."""
    database = open_database(url, clock=clock, new_id=new_id)
    try:
        database.ensure_app(APP, "0oabench000000000001")
        yield FrontDoor(database)
    finally:
        database.close()


def get(path: str, **query: str) -> ScimRequest:
    """Return a request that reads."""
    return ScimRequest("GET", path, query)


def send(method: str, path: str, body: Mapping[str, Any]) -> ScimRequest:
    """Return a request with a body."""
    return ScimRequest(method, path, {}, orjson.dumps(body), MEDIA_TYPE)
