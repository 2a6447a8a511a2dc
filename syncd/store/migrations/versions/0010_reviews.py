"""What access reviews need: the review, and each account of its population as it was seen, with the decision."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE: Final = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _reviews()
    _items()


def _reviews() -> None:
    op.create_table(
        "review",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("scope", KEY, nullable=False),
        sa.Column("period_first", KEY, nullable=False),
        sa.Column("period_last", KEY, nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("due", KEY),
        sa.Column("snapshot_id", KEY, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("generated", JSON_VALUE, nullable=False),
        sa.Column("checkpoint", JSON_VALUE),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed", sa.BigInteger()),
        sa.Column("closed_by", sa.Text()),
        sa.Column("sign_off", sa.Text()),
        sa.Column("undecided_as", KEY),
        sa.Column("decisions_digest", KEY),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_review_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_review"),
        sa.UniqueConstraint("id", name="uq_review_id"),
        sa.UniqueConstraint("app", "pk", name="uq_review_app_pk"),
    )


def _items() -> None:
    op.create_table(
        "review_item",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("review_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("owner", KEY),
        sa.Column("entry", JSON_VALUE, nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("decision", KEY),
        sa.Column("decided", sa.BigInteger()),
        sa.Column("reviewer", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(
            ["app", "review_pk"], ["review.app", "review.pk"], name="fk_review_item_app_review_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("review_pk", "account_id", name="pk_review_item"),
        sqlite_with_rowid=False,
    )
    for column in ("decision", "account_id", "owner"):
        op.create_index(f"ix_review_item_app_{column}", "review_item", ["app", column])
