"""The version of a database's tables: what it is, whether it is ours, and how it gets there."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema, DropSchema

from syncd.store.constructs import POSTGRESQL
from syncd.store.engine import Transactions
from syncd.store.trigrams import make_trigrams
from syncd.store.urls import is_missing_file

_UPGRADE_LOCK: Final = text("SELECT pg_advisory_xact_lock(7305240141)")  # any number, the same in every release
REMEDY: Final = "Run: syncd db upgrade"


class SchemaBehindError(Exception):
    """The tables are not those that this version of syncd works with."""


def upgrade(url: str) -> None:
    """Bring the tables to the newest version, in one transaction: all of it or nothing. Two at once are safe.

    Raises `Unavailable` when the database cannot be reached, and `SchemaBehindError` when a newer syncd made them.
    """
    transactions = Transactions(url)
    try:
        with transactions.writing() as link:
            connection = link.core
            if transactions.dialect == POSTGRESQL:
                connection.execute(_UPGRADE_LOCK)
            _refuse_newer(_revision(connection))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            make_trigrams(connection)
    finally:
        transactions.close()


def current(url: str) -> str | None:
    """Return the version that the tables have, or None when there are none. Raises `Unavailable`."""
    if is_missing_file(url):
        return None
    transactions = Transactions(url)
    try:
        with transactions.reading() as link:
            return _revision(link.core)
    finally:
        transactions.close()


def check(url: str) -> None:
    """Raise `SchemaBehindError`, with the remedy, unless the tables have the newest version. Raises `Unavailable`."""
    found = current(url)
    if found is None:
        raise SchemaBehindError(f"The database has no tables yet. {REMEDY}")
    _refuse_newer(found)
    newest = _scripts().get_current_head()
    if found != newest:
        raise SchemaBehindError(f"The database is at version {found} and syncd needs {newest}. {REMEDY}")


def create_schema(url: str, name: str) -> None:
    """Make a schema in a PostgreSQL database; `with_schema` gives its URL."""
    _in_postgresql(url, CreateSchema(name))


def drop_schema(url: str, name: str) -> None:
    """Drop a schema of a PostgreSQL database with all that is in it, if it is there."""
    _in_postgresql(url, DropSchema(name, cascade=True, if_exists=True))


def _in_postgresql(url: str, statement: CreateSchema | DropSchema) -> None:
    transactions = Transactions(url)
    try:
        if transactions.dialect != POSTGRESQL:
            raise ValueError("Only PostgreSQL has schemas: use a SQLite file of its own.")
        with transactions.writing() as link:
            link.core.execute(statement)
    finally:
        transactions.close()


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaBehindError(f"The database is at version {found}, which a newer syncd made. Upgrade syncd itself.")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "syncd.store:migrations")
    return config
