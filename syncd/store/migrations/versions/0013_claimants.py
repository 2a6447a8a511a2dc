"""Whom an account was said to belong to, beside the one whose Okta user id it carries."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table. The next sealed snapshot fills it with the disputes that there are."""
    op.create_table(
        "claimant",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("resource_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("okta_user_id", KEY, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["app", "resource_pk"],
            ["resource.app", "resource.pk"],
            name="fk_claimant_app_resource_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_pk", "okta_user_id", name="pk_claimant"),
        sqlite_with_rowid=False,
    )
