"""PostgreSQL: a schema of its own for each server, dropped when the server has ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from syncd.store import create_schema, drop_schema


@contextmanager
def schema(url: str) -> Iterator[str]:
    """Make a schema in the database and give its name."""
    name = f"bench_{token_hex(6)}"
    create_schema(url, name)
    try:
        yield name
    finally:
        drop_schema(url, name)


def settle(url: str) -> None:
    """Do at once, in the schema of that URL, what autovacuum does sooner or later."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema").fetchall()
        for (table,) in tables:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))


def plain(url: str) -> str:
    """Return the URL as psycopg takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def django_database(url: str, name: str) -> dict[str, Any]:
    """Return Django's settings of a schema in the database of `url`."""
    parsed = make_url(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parsed.database,
        "USER": parsed.username or "",
        "PASSWORD": parsed.password or "",
        "HOST": parsed.host or "",
        "PORT": parsed.port or "",
        "OPTIONS": {"options": f"-c search_path={name}"},
    }
