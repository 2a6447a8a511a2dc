"""The tables of what follows Okta's System Log; see `syncd.store.tables` for what holds of all of them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, Table, Text, UniqueConstraint

from syncd.store.tables import KEY, METADATA, NUMBER

# How far each clause of the log was read. Since `began` it is followed without a gap. `read_until` is by Okta's clock.
okta_cursor = Table(
    "okta_cursor",
    METADATA,
    Column("app", NUMBER, ForeignKey("app.pk"), primary_key=True, autoincrement=False),
    Column("clause", KEY, primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("read_until", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("updated", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Who is to be looked at again, by event. A row that is settled stays for some weeks: its event is known again, and can
# be told. `outcome` and `actor` are NULL in rows of before they were kept.
hint = Table(
    "hint",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("uuid", KEY, nullable=False),
    Column("okta_user_id", KEY, nullable=False),
    Column("event_type", KEY, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("noted", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("settled", BigInteger),
    Column("outcome", KEY),
    Column("actor", Text),
    UniqueConstraint("app", "uuid", "okta_user_id"),
    Index(None, "app", "settled"),
    Index(None, "app", "okta_user_id"),
)

# Wakes processes: each reads now and then how often it was rung.
bell = Table(
    "bell",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("rings", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
