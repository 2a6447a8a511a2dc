"""The tables of what has to be told: reasons, messages about them, and the pushes that may make a storm."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from syncd.store.tables import JSON_VALUE, KEY, METADATA, NUMBER

# One row for each reason that ever stood. One that comes again takes its row up again. `told` and `digested` are when
# it was told last, and last in a digest.
notice = Table(
    "notice",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("reason", KEY, nullable=False),
    Column("kind", KEY, nullable=False),
    Column("first_raised", BigInteger, nullable=False),
    Column("last_raised", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("told", BigInteger),
    Column("digested", BigInteger),
    Column("ended", BigInteger),
    Column("payload", JSON_VALUE, nullable=False),
    UniqueConstraint("app", "reason"),
)

# One row for each message and way. It waits while neither `delivered` nor `given_up` is set; `due` is when it may be
# tried next, and also keeps others away while somebody tries.
notice_message = Table(
    "notice_message",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("id", KEY, nullable=False),
    Column("channel", KEY, nullable=False),
    Column("payload", JSON_VALUE, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("delivered", BigInteger),
    Column("given_up", BigInteger),
    Column("error", Text),
    UniqueConstraint("app", "id", "channel"),
)

# Whether pushes that close accounts are refused, where an application asks for that.
push_hold = Table(
    "push_hold",
    METADATA,
    Column("app", NUMBER, ForeignKey("app.pk"), primary_key=True, autoincrement=False),
    Column("since", BigInteger),
    Column("released_until", BigInteger),
    sqlite_with_rowid=False,
)

# An account that a push closed or deleted. Each is a row of its own, so that writers do not wait for one another.
inbound_deactivation = Table(
    "inbound_deactivation",
    METADATA,
    Column("pk", NUMBER, primary_key=True, autoincrement=True),
    Column("app", NUMBER, ForeignKey("app.pk"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("subject_id", KEY, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Index(None, "app", "at"),
)
