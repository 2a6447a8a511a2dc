"""What an unattended reconciler needs: marks, waivers, approvals, quarantines, and a ledger that counts effects."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE: Final = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables, and let the ledger say of each item what it does to whom."""
    _ledger()
    _marks()
    _waivers()
    _approvals()
    _quarantines()


def _ledger() -> None:
    op.create_index("ix_tombstone_app_type_external_id", "tombstone", ["app", "type", "external_id"])
    for name in ("snapshot_id", "policy", "approval"):
        op.add_column("run", sa.Column(name, KEY))
    op.add_column("run", sa.Column("identity", JSON_VALUE))
    op.add_column("plan_item", sa.Column("effect", KEY))
    op.add_column("plan_item", sa.Column("account_id", KEY))
    op.add_column("plan_item", sa.Column("result_version", sa.BigInteger()))
    part = "item ->> '{}'" if op.get_bind().dialect.name == "postgresql" else "json_extract(item, '$.{}')"
    for column, name in (("effect", "effect"), ("account_id", "account")):
        op.execute(f"UPDATE plan_item SET {column} = {part.format(name)}")  # noqa: S608 -- all of it is from here
    op.create_index("ix_plan_item_app_effect_concluded", "plan_item", ["app", "effect", "concluded"])


def _marks() -> None:
    op.create_table(
        "mark",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("resource_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["app", "resource_pk"],
            ["resource.app", "resource.pk"],
            name="fk_mark_app_resource_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_pk", "kind", name="pk_mark"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mark_app", "mark", ["app"])


def _own(table: str, *columns: sa.Column) -> None:  # type: ignore[type-arg]  # columns of any type
    op.create_table(
        table,
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("id", KEY, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name=f"fk_{table}_app"),
        sa.PrimaryKeyConstraint("pk", name=f"pk_{table}"),
        sa.UniqueConstraint("id", name=f"uq_{table}_id"),
    )


def _waivers() -> None:
    _own(
        "waiver",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("situation", KEY),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_waiver_app_expires", "waiver", ["app", "expires"])


def _approvals() -> None:
    _own(
        "approval",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used_by", KEY),
    )
    op.create_index("ix_approval_app_digest", "approval", ["app", "digest"])


def _quarantines() -> None:
    _own(
        "quarantine",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("objections", JSON_VALUE, nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("outcome", KEY),
        sa.Column("reason", sa.Text()),
    )
    op.create_index("ix_quarantine_app_ended", "quarantine", ["app", "ended"])
