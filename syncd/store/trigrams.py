"""Indexes of the three-letter pieces of texts, which PostgreSQL has with the extension pg_trgm: for `co` and `ew`.

They are no part of the schema, because not every server offers the extension and not every role may make it. Each
upgrade makes those that are missing and can be made; what there is, the store finds out while it runs.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Column, Connection, text
from sqlalchemy.exc import DBAPIError

from syncd.store.constructs import POSTGRESQL
from syncd.store.tables import attr_value, resource

SHORTEST: Final = 3
"""How many characters a text needs, for the index to find it."""

TRIGRAMS: Final[Mapping[str, Column[Any]]] = {
    "ix_resource_ukey_trigram": resource.c.ukey,
    "ix_resource_display_key_trigram": resource.c.display_key,
    "ix_attr_value_value_trigram": attr_value.c.value,
}
"""The indexes by name, and what they are over."""

_OFFERED: Final = text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
_MAKE: Final = text("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public")
_SCHEMA: Final = text(
    "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
    " WHERE extname = 'pg_trgm'"
)
_THERE: Final = text(
    "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid"
    " WHERE c.relnamespace = CAST(current_schema AS regnamespace) AND i.indisvalid AND c.relname LIKE '%\\_trigram'"
)


def make_trigrams(connection: Connection) -> None:
    """Make the indexes that are missing, where the server offers the extension and the role may make it."""
    if connection.dialect.name != POSTGRESQL or connection.execute(_OFFERED).first() is None:
        return
    with suppress(DBAPIError), connection.begin_nested():
        connection.execute(_MAKE)
    schema = connection.execute(_SCHEMA).scalar()
    if schema is None:
        return
    for name, column in TRIGRAMS.items():
        table = column.table.name
        connection.execute(
            text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin ({column.name} {schema}.gin_trgm_ops)")
        )


def trigrams_there(connection: Connection) -> frozenset[str]:
    """Return the columns whose pieces are indexed, as "resource.ukey"."""
    if connection.dialect.name != POSTGRESQL:
        return frozenset()
    names = frozenset(connection.execute(_THERE).scalars())
    return frozenset(str(column) for name, column in TRIGRAMS.items() if name in names)
