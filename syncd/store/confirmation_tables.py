"""The table of pushes that changed nothing while the reconciler worked, and how it is known that it does."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Table, and_, literal_column

from syncd.store.tables import METADATA, NUMBER, run, snapshot

# A resource that is here has been pushed as it is since the run that goes on began. Nothing of the resource itself
# tells so: it has the version that it had.
confirmation = Table(
    "confirmation",
    METADATA,
    Column("app", NUMBER, primary_key=True, autoincrement=False),
    Column("resource_pk", NUMBER, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["app", "resource_pk"], ["resource.app", "resource.pk"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

# Written out, and not a parameter: only so does a database see that the index below has the answer.
is_running = run.c.state == literal_column("'running'")

# Runs are kept for years, and at most one of them goes on: every push that changes nothing asks whether one does.
Index("ix_run_running", run.c.app, sqlite_where=is_running, postgresql_where=is_running)

# Once its run is over, somebody may go on with it behind its last page.
is_open_walk = and_(snapshot.c.state == "open", snapshot.c.cursor.is_not(None))
