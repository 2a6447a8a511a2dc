"""The table of reports. See `syncd.store.tables`."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, LargeBinary, Table

from syncd.store.tables import METADATA, NUMBER

# The report of a run as it was made, compressed. It has its own table, so that no statement about runs reads it.
kept_report: Final = Table(
    "kept_report",
    METADATA,
    Column("app", NUMBER, nullable=False),
    Column("run_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("kept", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    ForeignKeyConstraint(["app", "run_pk"], ["run.app", "run.pk"], ondelete="CASCADE"),
    Index(None, "app", "kept"),
)
