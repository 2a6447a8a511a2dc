"""What the whole of SCIM needs: counters, history, the operator's own attributes, parked members, token scopes."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE: Final = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the columns and tables, and count what is there."""
    op.add_column("token", sa.Column("scopes", JSON_VALUE))
    op.add_column("token", sa.Column("user_id", KEY))
    op.add_column("resource", sa.Column("past", JSON_VALUE))
    op.add_column("tombstone", sa.Column("origin", KEY))
    op.create_index("ix_tombstone_app_type_ukey", "tombstone", ["app", "type", "ukey"])
    _counters()
    _values()
    _parked_members()
    _clients()


def _counters() -> None:
    """Make counters, and count the resources."""
    op.create_table(
        "counter",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("type", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("live", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_counter_app"),
        sa.PrimaryKeyConstraint("app", "type", "shard", name="pk_counter"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO counter (app, type, shard, live, deleted)"
        " SELECT app, type, 0, count(*), 0 FROM resource GROUP BY app, type"
    )


def _values() -> None:
    """Make what is kept of the operator's own attributes."""
    op.create_table(
        "unique_value",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("attribute", KEY, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("resource_pk", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "resource_pk"],
            ["resource.app", "resource.pk"],
            name="fk_unique_value_app_resource_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("app", "attribute", "value", name="pk_unique_value"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_unique_value_resource_pk", "unique_value", ["resource_pk"])
    op.create_table(
        "indexed_attribute",
        sa.Column("type", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("attribute", KEY, nullable=False),
        sa.Column("definition", KEY, nullable=False),
        sa.PrimaryKeyConstraint("type", "attribute", name="pk_indexed_attribute"),
        sqlite_with_rowid=False,
    )


def _parked_members() -> None:
    """Make members that wait for their resource."""
    op.create_table(
        "parked_member",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("group_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("display", sa.Text()),
        sa.Column("parked", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "group_pk"],
            ["resource.app", "resource.pk"],
            name="fk_parked_member_app_group_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_pk", "value", name="pk_parked_member"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_parked_member_app_value", "parked_member", ["app", "value"])


def _clients() -> None:
    """Make what is counted of clients, and the keys that processes share."""
    op.create_table(
        "leniency_use",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("first_used", sa.BigInteger(), nullable=False),
        sa.Column("last_used", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_leniency_use_app"),
        sa.PrimaryKeyConstraint("app", "name", name="pk_leniency_use"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shared_key",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_shared_key"),
    )
