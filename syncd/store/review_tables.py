"""The tables of access reviews; see `syncd.store.tables`. They outlive the accounts that they are about."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Index, Table, Text, UniqueConstraint

from syncd.store.tables import JSON_VALUE, KEY, METADATA, NUMBER

# `period_first`, `period_last` and `due` are days as ISO 8601 writes them.
review: Final = Table(
    "review",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("id", KEY, nullable=False, unique=True),
    Column("scope", KEY, nullable=False),
    Column("period_first", KEY, nullable=False),
    Column("period_last", KEY, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("due", KEY),
    Column("snapshot_id", KEY, nullable=False),
    Column("digest", KEY, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("generated", JSON_VALUE, nullable=False),
    Column("checkpoint", JSON_VALUE),
    Column("opened", BigInteger, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("closed", BigInteger),
    Column("closed_by", Text),
    Column("sign_off", Text),
    Column("undecided_as", KEY),
    Column("decisions_digest", KEY),
    UniqueConstraint("app", "pk"),
)

# `entry` is the account as it was seen, `owner` the Okta user id in it. The decision is the youngest one.
review_item: Final = Table(
    "review_item",
    METADATA,
    Column("app", NUMBER, nullable=False),
    Column("review_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("account_id", KEY, primary_key=True),
    Column("owner", KEY),
    Column("entry", JSON_VALUE, nullable=False),
    Column("digest", KEY, nullable=False),
    Column("decision", KEY),
    Column("decided", BigInteger),
    Column("reviewer", Text),
    Column("reason", Text),
    ForeignKeyConstraint(["app", "review_pk"], ["review.app", "review.pk"], ondelete="CASCADE"),
    Index(None, "app", "decision"),
    Index(None, "app", "account_id"),
    Index(None, "app", "owner"),
    sqlite_with_rowid=False,
)
