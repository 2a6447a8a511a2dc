"""The lease of an application: who may reconcile it, until when by the database's clock, and a token that fences."""

from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, null, select, update

from syncd.ports import Lease, LeaseHeldError, LeaseLostError
from syncd.store.constructs import database_now
from syncd.store.moments import microseconds, moment_of
from syncd.store.scope import Scope
from syncd.store.tables import lease

_until: Final = database_now() + bindparam("lasting", type_=lease.c.expires.type)
_OF_APP: Final = lease.c.app == bindparam("of_app")
_IS_OURS: Final = (_OF_APP, lease.c.token == bindparam("of_token"), lease.c.holder == bindparam("of_holder"))
_TAKE: Final = (
    update(lease)
    .where(_OF_APP, lease.c.holder.is_(None) | (lease.c.expires <= database_now()))
    .values(holder=bindparam("new_holder"), token=lease.c.token + 1, expires=_until)
    .returning(lease.c.token)
)
_EXTEND: Final = update(lease).where(*_IS_OURS).values(expires=_until).returning(lease.c.token)
_RELEASE: Final = update(lease).where(*_IS_OURS).values(holder=null(), expires=0)
_WHO: Final = select(lease.c.holder, lease.c.expires).where(_OF_APP)


def acquire(scope: Scope, holder: str, lasting: timedelta) -> Lease:
    """Take the lease with a new token. Raises `LeaseHeldError` while another one lasts."""
    scope.refuse_reading()
    parameters = {"of_app": scope.app, "new_holder": holder, "lasting": microseconds(lasting)}
    token = scope.connection.execute(_TAKE, parameters).scalar()
    if token is None:
        other = scope.connection.execute(_WHO, {"of_app": scope.app}).one()
        until = moment_of(other.expires).isoformat(timespec="seconds")
        raise LeaseHeldError(f"{other.holder} is reconciling {scope.app_name}, with a lease until {until}")
    return Lease(scope.app_name, holder, token)


def hold(scope: Scope, held: Lease, lasting: timedelta) -> None:
    """Lock the lease row until the unit of work ends, and extend the lease from now. Raises `LeaseLostError`."""
    scope.refuse_reading()
    parameters = _of(scope, held) | {"lasting": microseconds(lasting)}
    if scope.connection.execute(_EXTEND, parameters).scalar() is None:
        raise LeaseLostError(f"the lease of {held.app} was taken over by a later run")


def release(scope: Scope, held: Lease) -> None:
    """Give the lease back; nothing happens when it was taken over."""
    scope.refuse_reading()
    scope.connection.execute(_RELEASE, _of(scope, held))


def _of(scope: Scope, held: Lease) -> dict[str, object]:
    return {"of_app": scope.app, "of_token": held.token, "of_holder": held.holder}
