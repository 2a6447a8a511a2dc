"""The pushes that changed nothing while a run went on."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_RUNNING: Final = sa.text("state = 'running'")


def upgrade() -> None:
    """Make the table, and the index by which a push finds out whether a run goes on."""
    op.create_table(
        "confirmation",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("resource_pk", NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "resource_pk"],
            ["resource.app", "resource.pk"],
            name="fk_confirmation_app_resource_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("app", "resource_pk", name="pk_confirmation"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_running", "run", ["app"], sqlite_where=IS_RUNNING, postgresql_where=IS_RUNNING)
