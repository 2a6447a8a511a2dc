"""What a walk that broke off is taken up with: the cursor behind the last page that was staged."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Walks of before have none, and begin anew."""
    op.add_column("snapshot", sa.Column("cursor", sa.Text()))
