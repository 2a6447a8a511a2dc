"""The tables of the audit log: what waits to be sealed, the entries in their order, their tree, and its checkpoints.

The log is one for the installation, whatever the applications: its entries are hashes, and records of the log itself.
Nothing in it is ever changed or removed: triggers refuse it, here and in the table of the events. Of an event only the
personal part may be removed.
"""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, Table, Text

from syncd.store.tables import KEY, METADATA, NUMBER

# The events that are in no entry yet. A trigger adds each event, so that no way of writing one can forget it.
audit_pending = Table(
    "audit_pending",
    METADATA,
    Column("event_pk", NUMBER, primary_key=True, autoincrement=False),
)

# `body` is that of a record of the log itself; the other entries have that of their event.
audit_log = Table(
    "audit_log",
    METADATA,
    Column("seq", NUMBER, primary_key=True, autoincrement=False),
    Column("event_pk", NUMBER, unique=True),
    Column("body", LargeBinary),
    Column("leaf", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    CheckConstraint("(event_pk IS NULL) <> (body IS NULL)", name="ck_audit_log_one_body"),
)

audit_node = Table(
    "audit_node",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", NUMBER, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

audit_checkpoint = Table(
    "audit_checkpoint",
    METADATA,
    Column("size", NUMBER, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed", BigInteger, nullable=False),
)

# Cosignatures of a checkpoint, as the lines of its note that they are.
audit_cosignature = Table(
    "audit_cosignature",
    METADATA,
    Column("size", NUMBER, primary_key=True, autoincrement=False),
    Column("witness", KEY, primary_key=True),
    Column("line", Text, nullable=False),
)

# One row: where the log ends, and which sequencer may go on with it. `peaks` are the hashes of the tree, one after the
# other.
audit_head = Table(
    "audit_head",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("holder", Text),
    Column("token", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

NEVER_CHANGED: Final = ("audit_event", "audit_log", "audit_node", "audit_checkpoint", "audit_cosignature")
"""Tables whose rows triggers keep as they are."""
