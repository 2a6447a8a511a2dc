"""Bearer tokens: the store knows their SHA-256 only, and lets two of an application live at once."""

import hmac
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, insert, or_, select, update

from syncd.core.changes import Action
from syncd.ports import Grant, TokenRecord
from syncd.store.accounts import read_account
from syncd.store.audit import write_event
from syncd.store.moments import microseconds, moment_of, optional_moment
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, app, token

MOST_LIVE: Final = 2
USE_NOTED_EVERY: Final = timedelta(minutes=1)

FIND: Final = Prepared(
    select(token, app.c.name.label("app_name")).join_from(token, app).where(token.c.digest == bindparam("digest"))
)
NOTE_USE: Final = Prepared(
    update(token).where(token.c.digest == bindparam("of_digest")).values(last_used=bindparam("moment"))
)
_OF_APP: Final = token.c.app == bindparam("of_app")
_LIST: Final = select(token, app.c.name.label("app_name")).join_from(token, app).where(_OF_APP).order_by(token.c.pk)
_LOCK_APP: Final = select(app.c.pk).where(app.c.pk == bindparam("of_app")).with_for_update(key_share=True)
_LIVE: Final = select(func.count()).where(
    _OF_APP, token.c.revoked.is_(None), or_(token.c.expires.is_(None), token.c.expires > bindparam("moment"))
)
_ADD: Final = insert(token)
_REVOKE: Final = (
    update(token)
    .where(_OF_APP, token.c.token_id == bindparam("of_token"), token.c.revoked.is_(None))
    .values(revoked=bindparam("moment"))
    .returning(token.c.label)
)


class TooManyTokensError(ValueError):
    """The application has as many live tokens as it may have."""


class UnknownUserError(ValueError):
    """A token cannot be bound to a user whom the application does not have."""


def record_of(row: AnyRow, digest: bytes) -> TokenRecord | None:
    """Return the token of a row of `FIND`, or None when its digest is another one."""
    return _record(row) if hmac.compare_digest(bytes(row.digest), digest) else None


def add(scope: Scope, token_id: str, digest: bytes, label: str, expires: datetime | None, grant: Grant) -> None:
    """Insert a token and its audit event. Raises `TooManyTokensError` and `UnknownUserError`."""
    scope.connection.execute(_LOCK_APP, {"of_app": scope.app})
    live = scope.connection.execute(_LIVE, {"of_app": scope.app, "moment": scope.moment}).scalar_one()
    if live >= MOST_LIVE:
        raise TooManyTokensError(
            f"{scope.app_name} has {live} live tokens, which is as many as it may have. Revoke one of them first:"
            " syncd token list shows them."
        )
    if grant.user_id is not None and read_account(scope, grant.user_id) is None:
        raise UnknownUserError(f"{scope.app_name} has no user {grant.user_id}. Give the id of its SCIM resource.")
    scopes = None if grant.scopes is None else sorted(grant.scopes)
    row = {
        "app": scope.app,
        "token_id": token_id,
        "label": label,
        "digest": digest,
        "created": scope.moment,
        "expires": microseconds(expires) if expires else None,
        "scopes": scopes,
        "user_id": grant.user_id,
    }
    scope.connection.execute(_ADD, row)
    told = {"scopes": scopes, "user_id": grant.user_id}
    detail = {"token_id": token_id, "label": label, "expires": expires.isoformat() if expires else None, **told}
    write_event(scope, Action.TOKEN_CREATED, None, detail)


def revoke(scope: Scope, token_id: str) -> bool:
    """Revoke a token, with its audit event. Returns False when the application has no live token of that id."""
    parameters = {"of_app": scope.app, "of_token": token_id, "moment": scope.moment}
    row = scope.connection.execute(_REVOKE, parameters).first()
    if row is None:
        return False
    write_event(scope, Action.TOKEN_REVOKED, None, {"token_id": token_id, "label": row.label})
    return True


def list_all(scope: Scope) -> tuple[TokenRecord, ...]:
    """Return the application's tokens, revoked and expired ones included, oldest first."""
    return tuple(map(_record, scope.connection.execute(_LIST, {"of_app": scope.app})))


def _record(row: AnyRow) -> TokenRecord:
    return TokenRecord(
        row.app_name,
        row.token_id,
        row.label,
        bytes(row.digest),
        moment_of(row.created),
        optional_moment(row.expires),
        optional_moment(row.revoked),
        optional_moment(row.last_used),
        Grant(None if row.scopes is None else frozenset(row.scopes), row.user_id),
    )
