"""What lists need: an index of the order of creation by time, and counters that are right from now on."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index, and count anew: nobody has kept the counters so far."""
    op.create_index("ix_resource_app_type_created", "resource", ["app", "type", "created"])
    op.execute("DELETE FROM counter")
    op.execute(
        "INSERT INTO counter (app, type, shard, live, deleted)"
        " SELECT app, type, 0, count(*), 0 FROM resource GROUP BY app, type"
    )
