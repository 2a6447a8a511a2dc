"""The rows: units of work on SQLite and PostgreSQL.

Owns: the tables and their history, transactions and locks, the one door for writes (`UnitOfWork.record`), filters as
SQL, the staging of snapshots and their comparison, the ledger of runs, leases, tokens, the audit trail and the outbox.
Never: decides anything about access, talks to Okta, reads a clock other than the one given and the database's own. May
import: `syncd.ports`, `syncd.core`, the library `scim`; it alone imports SQLAlchemy and Alembic.
"""

from syncd.store.database import AppRecord, SqlDatabase, open_database
from syncd.store.engine import DatabaseUnavailableError
from syncd.store.extensions import DuplicateValuesError, check_extensions, upgrade_extensions
from syncd.store.schema import SchemaBehindError, check, create_schema, current, drop_schema, upgrade
from syncd.store.tokens import TooManyTokensError, UnknownUserError
from syncd.store.urls import display_url, reads_in_process, with_schema

__all__ = [
    "AppRecord",
    "DatabaseUnavailableError",
    "DuplicateValuesError",
    "SchemaBehindError",
    "SqlDatabase",
    "TooManyTokensError",
    "UnknownUserError",
    "check",
    "check_extensions",
    "create_schema",
    "current",
    "display_url",
    "drop_schema",
    "open_database",
    "reads_in_process",
    "upgrade",
    "upgrade_extensions",
    "with_schema",
]
