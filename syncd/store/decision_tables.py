"""The tables of what people decided: marks, waivers, approvals and quarantines. See `syncd.store.tables`."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Table, Text

from syncd.store.tables import JSON_VALUE, KEY, METADATA, NUMBER

mark: Final = Table(
    "mark",
    METADATA,
    Column("app", NUMBER, nullable=False),
    Column("resource_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", KEY, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    ForeignKeyConstraint(["app", "resource_pk"], ["resource.app", "resource.pk"], ondelete="CASCADE"),
    Index(None, "app"),
    sqlite_with_rowid=False,
)

# A waiver outlives its account: it is evidence.
waiver: Final = Table(
    "waiver",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("id", KEY, nullable=False, unique=True),
    Column("account_id", KEY, nullable=False),
    Column("situation", KEY),
    Column("owner", Text, nullable=False),
    Column("approver", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index(None, "app", "expires"),
)

approval: Final = Table(
    "approval",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("id", KEY, nullable=False, unique=True),
    Column("digest", KEY, nullable=False),
    Column("approver", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used_by", KEY),
    Index(None, "app", "digest"),
)

quarantine: Final = Table(
    "quarantine",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("id", KEY, nullable=False, unique=True),
    Column("digest", KEY, nullable=False),
    Column("run_id", KEY, nullable=False),
    Column("objections", JSON_VALUE, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("ended_by", Text),
    Column("outcome", KEY),
    Column("reason", Text),
    Index(None, "app", "ended"),
)
