"""The tables: what is kept, and what the database itself holds true.

Every table belongs to one application (tenant) by `app`. A row that belongs to another row names it together with its
application, so that no row of one tenant can point at a row of another. Moments are integers: microseconds since 1970
in UTC. Texts that are compared or ordered are compared byte by byte on both databases.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

AnyRow = Row[*tuple[Any, ...]]

TYPE_CODES: Final[Mapping[str, int]] = {"User": 1, "Group": 2}
TYPE_NAMES: Final[Mapping[int, str]] = {code: name for name, code in TYPE_CODES.items()}

KEY: Final = Text().with_variant(Text(collation="C"), "postgresql")
NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only as INTEGER
JSON_VALUE: Final = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _pk() -> Column[int]:
    return Column("pk", NUMBER, primary_key=True, autoincrement=True)


def _app() -> Column[int]:
    return Column("app", NUMBER, ForeignKey("app.pk"), nullable=False)


def _app_of_owner() -> Column[int]:
    """Return the column `app` of a table whose rows belong to a row that names its application already."""
    return Column("app", NUMBER, nullable=False)


def _belongs_to(owner: str, column: str) -> ForeignKeyConstraint:
    """Return the rule that a row goes with its owner, and that both are of one application."""
    return ForeignKeyConstraint(["app", column], [f"{owner}.app", f"{owner}.pk"], ondelete="CASCADE")


app = Table(
    "app",
    METADATA,
    _pk(),
    Column("name", KEY, nullable=False, unique=True),
    Column("okta_app_id", KEY, nullable=False),
    Column("created", BigInteger, nullable=False),
)

token = Table(
    "token",
    METADATA,
    _pk(),
    _app(),
    Column("token_id", KEY, nullable=False),
    Column("label", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
    Column("last_used", BigInteger),
    Column("scopes", JSON_VALUE),
    Column("user_id", KEY),
    UniqueConstraint("app", "token_id"),
)

# How many resources of a type there are, in shards, so that writers do not wait for one row: the sum counts. `deleted`
# only grows: as long as its sum stays, no resource has changed its place in the order of row numbers.
counter = Table(
    "counter",
    METADATA,
    Column("app", NUMBER, ForeignKey("app.pk"), primary_key=True, autoincrement=False),
    Column("type", SmallInteger, primary_key=True, autoincrement=False),
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("live", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# `ukey` is what is unique: the folded userName of a user, the folded displayName of a group. `display_key` is the
# folded displayName of a user. `label` is what others show of the resource. `search` is the document as filters see
# it: every text folded unless it is case-exact, every moment in one form. `digest` and `origin` say something of users
# only, `member_count` of groups only. An id is unique across applications, so that its index is the best one even for a
# database that knows nothing of the table yet. Row numbers are never used again: walk versions outlive their account.
# `past` has what the youngest changes replaced, for writes that were made from an older version.
resource = Table(
    "resource",
    METADATA,
    _pk(),
    _app(),
    Column("type", SmallInteger, nullable=False),
    Column("id", KEY, nullable=False),
    Column("ukey", KEY),
    Column("external_id", KEY),
    Column("display_key", KEY),
    Column("label", Text),
    Column("active", Boolean, nullable=False),
    Column("origin", KEY, nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("member_count", BigInteger),
    Column("digest", KEY),
    Column("doc", JSON_VALUE, nullable=False),
    Column("search", JSON_VALUE, nullable=False),
    Column("past", JSON_VALUE),
    UniqueConstraint("id"),
    UniqueConstraint("app", "pk"),
    UniqueConstraint("app", "type", "ukey"),
    Index(None, "app", "type", "external_id"),
    Index(None, "app", "type", "display_key"),
    Index(None, "app", "type", "pk"),
    Index(None, "app", "type", "created"),
    sqlite_autoincrement=True,
)

# `display` is what the client gave, NULL where the member's own label is shown.
member = Table(
    "member",
    METADATA,
    _app_of_owner(),
    Column("group_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("member_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("display", Text),
    Column("display_key", KEY),
    ForeignKeyConstraint(
        ["app", "group_pk"], ["resource.app", "resource.pk"], name="fk_member_group", ondelete="CASCADE"
    ),
    ForeignKeyConstraint(
        ["app", "member_pk"], ["resource.app", "resource.pk"], name="fk_member_member", ondelete="CASCADE"
    ),
    Index(None, "member_pk", "group_pk"),
    sqlite_with_rowid=False,
)

# Folded values of the multi-valued attributes worth an index; `attribute` is the path, for example "emails.value".
attr_value = Table(
    "attr_value",
    METADATA,
    Column("app", NUMBER, primary_key=True, autoincrement=False),
    Column("attribute", KEY, primary_key=True),
    Column("value", KEY, primary_key=True),
    Column("resource_pk", NUMBER, primary_key=True, autoincrement=False),
    _belongs_to("resource", "resource_pk"),
    Index(None, "resource_pk"),
    sqlite_with_rowid=False,
)

# Folded values of an operator's own attributes that no two resources of an application may share.
unique_value = Table(
    "unique_value",
    METADATA,
    Column("app", NUMBER, primary_key=True, autoincrement=False),
    Column("attribute", KEY, primary_key=True),
    Column("value", KEY, primary_key=True),
    Column("resource_pk", NUMBER, nullable=False),
    _belongs_to("resource", "resource_pk"),
    Index(None, "resource_pk"),
    sqlite_with_rowid=False,
)

# The operator's own attributes whose values are all in `attr_value`: only those may be searched there.
indexed_attribute = Table(
    "indexed_attribute",
    METADATA,
    Column("type", SmallInteger, primary_key=True, autoincrement=False),
    Column("attribute", KEY, primary_key=True),
    Column("definition", KEY, nullable=False),
    sqlite_with_rowid=False,
)

# Members of a group that are no resource yet: they become members when a resource with that id or externalId arrives.
parked_member = Table(
    "parked_member",
    METADATA,
    _app_of_owner(),
    Column("group_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("value", KEY, primary_key=True),
    Column("display", Text),
    Column("parked", BigInteger, nullable=False),
    _belongs_to("resource", "group_pk"),
    Index(None, "app", "value"),
    sqlite_with_rowid=False,
)

tombstone = Table(
    "tombstone",
    METADATA,
    _pk(),
    _app(),
    Column("type", SmallInteger, nullable=False),
    Column("id", KEY, nullable=False),
    Column("ukey", KEY),
    Column("external_id", KEY),
    Column("version", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Column("doc", JSON_VALUE, nullable=False),
    Column("origin", KEY),
    UniqueConstraint("app", "id"),
    Index(None, "app", "type", "ukey"),
    Index(None, "app", "type", "external_id"),
)

# ------------------------------------------------------------------ snapshots of the source

# `cursor` is the source's, behind the last page that was staged: where another run would go on.
snapshot = Table(
    "snapshot",
    METADATA,
    _pk(),
    _app(),
    Column("id", KEY, nullable=False, unique=True),
    Column("run_id", KEY, nullable=False),
    Column("state", KEY, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("sealed", BigInteger),
    Column("pages", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("identity", JSON_VALUE),
    Column("reason", Text),
    Column("cursor", Text),
    UniqueConstraint("app", "pk"),
)

snapshot_item = Table(
    "snapshot_item",
    METADATA,
    _app_of_owner(),
    Column("snapshot_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("okta_user_id", KEY, primary_key=True),
    Column("user_name", Text),
    Column("user_key", KEY),
    Column("external_id", KEY),
    Column("app_status", KEY, nullable=False),
    Column("user_status", KEY),
    Column("scope", KEY),
    Column("sync_state", KEY),
    Column("digest", KEY, nullable=False),
    Column("attributes", JSON_VALUE, nullable=False),
    Column("age", BigInteger),
    _belongs_to("snapshot", "snapshot_pk"),
    Index(None, "snapshot_pk", "external_id"),
    Index(None, "snapshot_pk", "user_key"),
    sqlite_with_rowid=False,
)

walk_version = Table(
    "walk_version",
    METADATA,
    _app_of_owner(),
    Column("snapshot_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("resource_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    _belongs_to("snapshot", "snapshot_pk"),
    sqlite_with_rowid=False,
)

absence = Table(
    "absence",
    METADATA,
    _app_of_owner(),
    Column("resource_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("snapshots", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    _belongs_to("resource", "resource_pk"),
)

# ------------------------------------------------------------------ the reconciler's ledger

run = Table(
    "run",
    METADATA,
    _pk(),
    _app(),
    Column("id", KEY, nullable=False, unique=True),
    Column("kind", KEY, nullable=False),
    Column("state", KEY, nullable=False),
    Column("lease_token", BigInteger),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("exit_code", Integer),
    Column("plan_digest", KEY),
    Column("verdict", Text),
    Column("counts", JSON_VALUE, nullable=False),
    Column("snapshot_id", KEY),
    Column("policy", KEY),
    Column("approval", KEY),
    Column("identity", JSON_VALUE),
    UniqueConstraint("app", "pk"),
)

plan_item = Table(
    "plan_item",
    METADATA,
    _app_of_owner(),
    Column("run_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("item", JSON_VALUE, nullable=False),
    Column("intended", BigInteger),
    Column("concluded", BigInteger),
    Column("outcome", KEY),
    Column("reason", Text),
    Column("effect", KEY),
    Column("account_id", KEY),
    Column("result_version", BigInteger),
    _belongs_to("run", "run_pk"),
    Index(None, "app", "effect", "concluded"),
    Index(None, "app", "account_id"),
)

lease = Table(
    "lease",
    METADATA,
    Column("app", NUMBER, ForeignKey("app.pk"), primary_key=True, autoincrement=False),
    Column("holder", Text),
    Column("token", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

# ------------------------------------------------------------------ evidence and hand-over

# `body` commits to the hash of `salt` and `personal`, so that these two can be removed and nothing else.
audit_event = Table(
    "audit_event",
    METADATA,
    _pk(),
    _app(),
    Column("subject_id", KEY),
    Column("run_id", KEY),
    Column("body", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("personal", LargeBinary),
    UniqueConstraint("app", "pk"),
    Index(None, "app", "subject_id"),
    Index(None, "app", "run_id"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    METADATA,
    _pk(),
    _app_of_owner(),
    Column("event_pk", NUMBER, nullable=False),
    _belongs_to("audit_event", "event_pk"),
    sqlite_autoincrement=True,
)

# ------------------------------------------------------------------ what clients needed, and what the server needs

# How often an application's client needed a leniency.
leniency_use = Table(
    "leniency_use",
    METADATA,
    Column("app", NUMBER, ForeignKey("app.pk"), primary_key=True, autoincrement=False),
    Column("name", KEY, primary_key=True),
    Column("uses", BigInteger, nullable=False),
    Column("first_used", BigInteger, nullable=False),
    Column("last_used", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Keys that every process of an installation must share; nothing that opens anything outside of it.
shared_key = Table(
    "shared_key",
    METADATA,
    Column("name", KEY, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)
