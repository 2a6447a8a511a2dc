"""The database: settings -> an open store, its schema, its tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from syncd.bootstrap.system import SystemClock, new_id
from syncd.config import Settings, resource_types
from syncd.ports import EVERYTHING, Announce, Grant
from syncd.store import SqlDatabase, check, check_extensions, current, open_database, upgrade, upgrade_extensions
from syncd.web.tokens import digest, mint

TOKEN_LASTS = timedelta(days=365)


@contextmanager
def open_store(settings: Settings) -> Iterator[SqlDatabase]:
    """Open the database, with every configured application known to it.

    Raises `SchemaBehindError` when it is missing, or its schema or extensions are not those that are needed.
    """
    check_schema(settings)
    types = resource_types(settings)
    store = open_database(database_url(settings), clock=SystemClock(), new_id=new_id, resource_types=types)
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


class Upgraded(NamedTuple):
    """What an upgrade did: the revisions before and after, and for how many extensions values were made anew."""

    before: str | None
    after: str | None
    extensions: int


def upgrade_database(settings: Settings, announce: Announce = lambda _: None) -> Upgraded:
    """Bring the schema to this version, and what is kept for extensions to their definitions.

    Raises `DuplicateValuesError` where resources share what an extension now holds unique.
    """
    url = database_url(settings)
    before = current(url)
    upgrade(url)
    return Upgraded(before, current(url), upgrade_extensions(url, resource_types(settings), announce))


def current_schema(settings: Settings) -> str | None:
    """Return the revision of the database's schema, or None when there is none."""
    return current(database_url(settings))


def check_schema(settings: Settings) -> None:
    """Raise `SchemaBehindError` unless schema and extensions are those that this version and the settings need."""
    url = database_url(settings)
    check(url)
    check_extensions(url, resource_types(settings))


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
