"""The reports of runs, as they were made."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table. Runs of before have no report that could be shown again."""
    op.create_table(
        "kept_report",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("run_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "run_pk"], ["run.app", "run.pk"], name="fk_kept_report_app_run_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_pk", name="pk_kept_report"),
    )
    op.create_index("ix_kept_report_app_kept", "kept_report", ["app", "kept"])
