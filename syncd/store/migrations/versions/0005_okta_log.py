"""What following Okta's System Log needs: how far it was read, whom to look at again, and a bell."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables, empty."""
    op.create_table(
        "okta_cursor",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("clause", KEY, nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_until", sa.BigInteger(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_okta_cursor_app"),
        sa.PrimaryKeyConstraint("app", "clause", name="pk_okta_cursor"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hint",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("uuid", KEY, nullable=False),
        sa.Column("okta_user_id", KEY, nullable=False),
        sa.Column("event_type", KEY, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger()),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_hint_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_hint"),
        sa.UniqueConstraint("app", "uuid", "okta_user_id", name="uq_hint_app_uuid_okta_user_id"),
    )
    op.create_index("ix_hint_app_settled", "hint", ["app", "settled"])
    op.create_table(
        "bell",
        sa.Column("name", KEY, nullable=False),
        sa.Column("rings", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_bell"),
        sqlite_with_rowid=False,
    )
