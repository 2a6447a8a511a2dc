"""What has to be told: reasons, messages about them, and the pushes that may make a storm."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE: Final = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables; nothing that happened before is told."""
    op.create_table(
        "notice",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("reason", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("first_raised", sa.BigInteger(), nullable=False),
        sa.Column("last_raised", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("told", sa.BigInteger()),
        sa.Column("digested", sa.BigInteger()),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("payload", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_notice_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_notice"),
        sa.UniqueConstraint("app", "reason", name="uq_notice_app_reason"),
    )
    op.create_table(
        "notice_message",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("channel", KEY, nullable=False),
        sa.Column("payload", JSON_VALUE, nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger()),
        sa.Column("given_up", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_notice_message_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_notice_message"),
        sa.UniqueConstraint("app", "id", "channel", name="uq_notice_message_app_id_channel"),
    )
    op.create_table(
        "inbound_deactivation",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_inbound_deactivation_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_inbound_deactivation"),
    )
    op.create_table(
        "push_hold",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("released_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_push_hold_app"),
        sa.PrimaryKeyConstraint("app", name="pk_push_hold"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbound_deactivation_app_at", "inbound_deactivation", ["app", "at"])
