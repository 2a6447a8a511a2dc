"""The tables of the first release."""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_VALUE: Final = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables, owners before what they own."""
    _applications()
    _resources()
    _relations()
    _snapshots()
    _walks()
    _ledger()
    _evidence()


def _applications() -> None:
    """Make applications and their tokens."""
    op.create_table(
        "app",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("okta_app_id", KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name="pk_app"),
        sa.UniqueConstraint("name", name="uq_app_name"),
    )
    op.create_table(
        "token",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("token_id", KEY, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger()),
        sa.Column("revoked", sa.BigInteger()),
        sa.Column("last_used", sa.BigInteger()),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_token_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_token"),
        sa.UniqueConstraint("app", "token_id", name="uq_token_app_token_id"),
        sa.UniqueConstraint("digest", name="uq_token_digest"),
    )


def _resources() -> None:
    """Make users and groups."""
    op.create_table(
        "resource",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("ukey", KEY),
        sa.Column("external_id", KEY),
        sa.Column("display_key", KEY),
        sa.Column("label", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("origin", KEY, nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("member_count", sa.BigInteger()),
        sa.Column("digest", KEY),
        sa.Column("doc", JSON_VALUE, nullable=False),
        sa.Column("search", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_resource_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_resource"),
        sa.UniqueConstraint("id", name="uq_resource_id"),
        sa.UniqueConstraint("app", "pk", name="uq_resource_app_pk"),
        sa.UniqueConstraint("app", "type", "ukey", name="uq_resource_app_type_ukey"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_resource_app_type_display_key", "resource", ["app", "type", "display_key"])
    op.create_index("ix_resource_app_type_external_id", "resource", ["app", "type", "external_id"])
    op.create_index("ix_resource_app_type_pk", "resource", ["app", "type", "pk"])


def _relations() -> None:
    """Make what belongs to resources, and what is left of them."""
    op.create_table(
        "member",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("group_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("member_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("display", sa.Text()),
        sa.Column("display_key", KEY),
        sa.ForeignKeyConstraint(
            ["app", "group_pk"], ["resource.app", "resource.pk"], name="fk_member_group", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["app", "member_pk"], ["resource.app", "resource.pk"], name="fk_member_member", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_pk", "member_pk", name="pk_member"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_member_member_pk_group_pk", "member", ["member_pk", "group_pk"])
    op.create_table(
        "attr_value",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("attribute", KEY, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("resource_pk", NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "resource_pk"],
            ["resource.app", "resource.pk"],
            name="fk_attr_value_app_resource_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("app", "attribute", "value", "resource_pk", name="pk_attr_value"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attr_value_resource_pk", "attr_value", ["resource_pk"])
    op.create_table(
        "tombstone",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("ukey", KEY),
        sa.Column("external_id", KEY),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("doc", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_tombstone_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_tombstone"),
        sa.UniqueConstraint("app", "id", name="uq_tombstone_app_id"),
    )


def _snapshots() -> None:
    """Make staged listings of Okta."""
    op.create_table(
        "snapshot",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.BigInteger()),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("identity", JSON_VALUE),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_snapshot_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_snapshot"),
        sa.UniqueConstraint("app", "pk", name="uq_snapshot_app_pk"),
        sa.UniqueConstraint("id", name="uq_snapshot_id"),
    )
    op.create_table(
        "snapshot_item",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("snapshot_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("okta_user_id", KEY, nullable=False),
        sa.Column("user_name", sa.Text()),
        sa.Column("user_key", KEY),
        sa.Column("external_id", KEY),
        sa.Column("app_status", KEY, nullable=False),
        sa.Column("user_status", KEY),
        sa.Column("scope", KEY),
        sa.Column("sync_state", KEY),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("attributes", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "snapshot_pk"],
            ["snapshot.app", "snapshot.pk"],
            name="fk_snapshot_item_app_snapshot_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("snapshot_pk", "okta_user_id", name="pk_snapshot_item"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_snapshot_item_snapshot_pk_external_id", "snapshot_item", ["snapshot_pk", "external_id"])
    op.create_index("ix_snapshot_item_snapshot_pk_user_key", "snapshot_item", ["snapshot_pk", "user_key"])


def _walks() -> None:
    """Make what a walk says of accounts."""
    op.create_table(
        "walk_version",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("snapshot_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("resource_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "snapshot_pk"],
            ["snapshot.app", "snapshot.pk"],
            name="fk_walk_version_app_snapshot_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("snapshot_pk", "resource_pk", name="pk_walk_version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "absence",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("resource_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("snapshots", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "resource_pk"],
            ["resource.app", "resource.pk"],
            name="fk_absence_app_resource_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("resource_pk", name="pk_absence"),
    )


def _ledger() -> None:
    """Make runs, plans and leases."""
    op.create_table(
        "run",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("state", KEY, nullable=False),
        sa.Column("lease_token", sa.BigInteger()),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("plan_digest", KEY),
        sa.Column("verdict", sa.Text()),
        sa.Column("counts", JSON_VALUE, nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_run_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_run"),
        sa.UniqueConstraint("app", "pk", name="uq_run_app_pk"),
        sa.UniqueConstraint("id", name="uq_run_id"),
    )
    op.create_table(
        "plan_item",
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("run_pk", NUMBER, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", JSON_VALUE, nullable=False),
        sa.Column("intended", sa.BigInteger()),
        sa.Column("concluded", sa.BigInteger()),
        sa.Column("outcome", KEY),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(
            ["app", "run_pk"], ["run.app", "run.pk"], name="fk_plan_item_app_run_pk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_pk", "position", name="pk_plan_item"),
    )
    op.create_table(
        "lease",
        sa.Column("app", NUMBER, autoincrement=False, nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_lease_app"),
        sa.PrimaryKeyConstraint("app", name="pk_lease"),
    )


def _evidence() -> None:
    """Make the audit trail and the hand-over."""
    op.create_table(
        "audit_event",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("subject_id", KEY),
        sa.Column("run_id", KEY),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["app.pk"], name="fk_audit_event_app"),
        sa.PrimaryKeyConstraint("pk", name="pk_audit_event"),
        sa.UniqueConstraint("app", "pk", name="uq_audit_event_app_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_event_app_run_id", "audit_event", ["app", "run_id"])
    op.create_index("ix_audit_event_app_subject_id", "audit_event", ["app", "subject_id"])
    op.create_table(
        "outbox",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("app", NUMBER, nullable=False),
        sa.Column("event_pk", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["app", "event_pk"],
            ["audit_event.app", "audit_event.pk"],
            name="fk_outbox_app_event_pk",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pk", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
