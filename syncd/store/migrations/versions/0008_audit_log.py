"""The audit log: events wait to be sealed, entries are chained and in a tree, checkpoints are signed.

Events of before keep their bodies, which hold everything; those of now keep what is personal beside, so that it can be
removed. All of them wait to be sealed from here on.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ENTRIES: Final = ("audit_log", "audit_node", "audit_checkpoint", "audit_cosignature")
KEPT: Final = ("pk", "app", "subject_id", "run_id", "body")


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.add_column("audit_event", sa.Column("salt", sa.LargeBinary()))
    op.add_column("audit_event", sa.Column("personal", sa.LargeBinary()))
    _tables()
    begin = "INSERT INTO audit_head (one, size, chain, peaks, epoch, token, expires) VALUES (1, 0, {}, {}, 1, 0, 0)"
    nothing = ("decode(repeat('00', 32), 'hex')", "''::bytea") if _is_postgresql() else ("zeroblob(32)", "zeroblob(0)")
    op.execute(begin.format(*nothing))
    op.execute("INSERT INTO audit_pending (event_pk) SELECT pk FROM audit_event")
    _on_postgresql() if _is_postgresql() else _on_sqlite()


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _tables() -> None:
    op.create_table(
        "audit_pending",
        sa.Column("event_pk", NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event_pk", name="pk_audit_pending"),
    )
    op.create_table(
        "audit_log",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("event_pk", NUMBER),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_log"),
        sa.UniqueConstraint("event_pk", name="uq_audit_log_event_pk"),
        sa.CheckConstraint("(event_pk IS NULL) <> (body IS NULL)", name="ck_audit_log_one_body"),
    )
    op.create_table(
        "audit_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", NUMBER, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name="pk_audit_node"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", NUMBER, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_audit_checkpoint"),
    )
    op.create_table(
        "audit_cosignature",
        sa.Column("size", NUMBER, autoincrement=False, nullable=False),
        sa.Column("witness", KEY, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", "witness", name="pk_audit_cosignature"),
    )
    op.create_table(
        "audit_head",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_audit_head"),
    )


def _on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER audit_event_waits AFTER INSERT ON audit_event BEGIN "
        "INSERT INTO audit_pending (event_pk) VALUES (NEW.pk); END"
    )
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END"
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in KEPT)
    erases = f"NEW.personal IS NULL AND NEW.salt IS NULL AND {same}"
    op.execute(f"CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event WHEN NOT ({erases}) {refuse}")
    op.execute(f"CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event {refuse}")
    for table in ENTRIES:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")


def _on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_event_waits() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO audit_pending (event_pk) VALUES (NEW.pk); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is never changed' USING ERRCODE = '23000'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_event_waits AFTER INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_event_waits()"
    )
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in KEPT)
    erases = f"NEW.personal IS NULL AND NEW.salt IS NULL AND {same}"
    refuse = "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    op.execute(
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
        f"FOR EACH ROW WHEN (NOT ({erases})) EXECUTE FUNCTION audit_refuse()"
    )
    op.execute(f"CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event {refuse}")
    for table in ENTRIES:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    for table in ("audit_event", *ENTRIES):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
