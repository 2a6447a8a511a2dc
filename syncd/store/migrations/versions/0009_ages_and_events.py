"""How old an assignment was when Okta listed it, and what an account's timeline is told from.

That is what the events of Okta's System Log say beside whom they name, and indexes by which the events and the plans
about one person are found.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns. What was kept before has none of these: its age, outcome and actor are unknown."""
    op.add_column("snapshot_item", sa.Column("age", sa.BigInteger()))
    op.add_column("hint", sa.Column("outcome", KEY))
    op.add_column("hint", sa.Column("actor", sa.Text()))
    op.create_index("ix_plan_item_app_account_id", "plan_item", ["app", "account_id"])
    op.create_index("ix_hint_app_okta_user_id", "hint", ["app", "okta_user_id"])
