"""The table of disputes. See `syncd.store.tables`."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Table

from syncd.store.tables import KEY, METADATA, NUMBER

# Whom an account was last said to belong to, beside the one whose Okta user id it carries: Okta's row of that person
# names the account by its SCIM id, or the account carried their Okta user id before. `since` is when that was told,
# `settled` when Okta said, after it was told for the last time, that the person has no access.
claimant: Final = Table(
    "claimant",
    METADATA,
    Column("app", NUMBER, nullable=False),
    Column("resource_pk", NUMBER, primary_key=True, autoincrement=False),
    Column("okta_user_id", KEY, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("settled", BigInteger),
    ForeignKeyConstraint(["app", "resource_pk"], ["resource.app", "resource.pk"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)
