"""The database: settings -> an open store, its schema, its tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from syncd.bootstrap.system import SystemClock, new_id
from syncd.config import Settings
from syncd.ports import EVERYTHING, Grant
from syncd.store import SqlDatabase, check, current, open_database, upgrade
from syncd.web.tokens import digest, mint

TOKEN_LASTS = timedelta(days=365)


@contextmanager
def open_store(settings: Settings) -> Iterator[SqlDatabase]:
    """Open the database, with every configured application known to it.

    Raises `SchemaBehindError` when it is missing or its schema is not the one that this version needs.
    """
    url = database_url(settings)
    check(url)
    store = open_database(url, clock=SystemClock(), new_id=new_id)
    try:
        known = dict(store.apps())
        for name, app in settings.apps.items():
            if known.get(name) != app.okta_app_id:
                store.ensure_app(name, app.okta_app_id)
        yield store
    finally:
        store.close()


def database_url(settings: Settings) -> str:
    """Return the database's URL, password included."""
    return settings.database.url.get_secret_value()


def upgrade_database(settings: Settings) -> tuple[str | None, str | None]:
    """Bring the schema to this version; return the revision before and the one after."""
    url = database_url(settings)
    before = current(url)
    upgrade(url)
    return before, current(url)


def current_schema(settings: Settings) -> str | None:
    """Return the revision of the database's schema, or None when there is none."""
    return current(database_url(settings))


def check_schema(settings: Settings) -> None:
    """Raise `SchemaBehindError` unless the schema is the one that this version needs."""
    check(database_url(settings))


class NewToken(NamedTuple):
    """A token that was just made: the only time it is known."""

    token: str
    token_id: str
    expires: datetime


def create_token(
    settings: Settings, app: str, label: str, lasting: timedelta = TOKEN_LASTS, grant: Grant = EVERYTHING
) -> NewToken:
    """Make a bearer token for an application.

    Raises `TooManyTokensError` when two of it live already, and `UnknownUserError` when it does not have the user that
    the token is to be bound to.
    """
    made = NewToken(mint(), new_id()[:8], SystemClock().now() + lasting)
    with open_store(settings) as store:
        store.add_token(app, made.token_id, digest(made.token), label, made.expires, grant)
    return made
