"""Who else an account was said to belong to: what is left of a dispute when a listing does not show it any more.

Okta's row of one person can name an account that carries the Okta user id of another. While both are listed, everybody
sees that. A listing that leaves one of them out must not settle it, so it is written down when a snapshot is sealed,
and when an account comes to carry another id. It ends with evidence only: the person's row points to another account,
or the account carries their id again. Where Okta says that the person has no access, it is settled until they are told
of again, and asked about anew whenever the account is looked at.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Text, and_, bindparam, delete, or_, select, update

from scim.core_schemas import USER_TYPE
from syncd.core.subjects import LinkKey
from syncd.store.constructs import database_now, insert_on_each, is_one_of
from syncd.store.correlation import OF_APP, belongs, is_item, is_user, some
from syncd.store.dispute_tables import claimant
from syncd.store.pairing import ELSEWHERE, in_chunks
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import resource, snapshot_item

_its_row: Final = snapshot_item.alias("its_row")
_elsewhere: Final = resource.alias("elsewhere")

_POINTS_ELSEWHERE: Final = some(
    _its_row,
    is_item(_its_row),
    _its_row.c.okta_user_id == claimant.c.okta_user_id,
    or_(
        _its_row.c.external_id != resource.c.id,
        # A row without a SCIM id points nowhere by that: it takes an account that carries the person's Okta user id.
        and_(
            _its_row.c.external_id.is_(None),
            some(
                _elsewhere,
                is_user(_elsewhere),
                belongs(LinkKey.OKTA_USER_ID, _elsewhere, _its_row),
                _elsewhere.c.pk != resource.c.pk,
            ),
        ),
    ),
)
_END: Final = delete(claimant).where(
    claimant.c.app == OF_APP,
    select(resource.c.pk)
    .where(
        resource.c.pk == claimant.c.resource_pk,
        or_(resource.c.external_id == claimant.c.okta_user_id, _POINTS_ELSEWHERE),
    )
    .correlate(claimant)
    .exists(),
)
_TOLD_AGAIN: Final[Mapping[str, Any]] = {
    "index_elements": ["resource_pk", "okta_user_id"],
    "set_": {"settled": None},
    "where": claimant.c.settled.is_not(None),
}
_BEGIN: Final = insert_on_each(
    claimant,
    lambda statement: statement.from_select(
        ["app", "resource_pk", "okta_user_id", "since"],
        select(
            resource.c.app,
            resource.c.pk,
            snapshot_item.c.okta_user_id,
            bindparam("sealed", type_=claimant.c.since.type),
        )
        .select_from(snapshot_item.join(resource, belongs(LinkKey.SCIM_ID, resource, snapshot_item)))
        .where(
            is_item(snapshot_item),
            snapshot_item.c.okta_user_id.in_(ELSEWHERE),
            is_user(resource),
            or_(resource.c.external_id.is_(None), resource.c.external_id != snapshot_item.c.okta_user_id),
        ),
    ).on_conflict_do_update(**_TOLD_AGAIN),
)
_ADD: Final = Prepared(
    insert_on_each(claimant, lambda statement: statement.on_conflict_do_update(**_TOLD_AGAIN)),
    ("app", "resource_pk", "okta_user_id", "since"),
)
_given: Final = bindparam("given", type_=Text())
_TOLD: Final = (
    select(resource.c.id, claimant.c.okta_user_id)
    .select_from(claimant.join(resource, resource.c.pk == claimant.c.resource_pk))
    # An account that carries nobody's id has nobody to be asked about, and is left alone for that.
    .where(claimant.c.app == OF_APP, is_user(resource), resource.c.external_id != claimant.c.okta_user_id)
)
_CLAIMANTS: Final = _TOLD.where(is_one_of(resource.c.id, _given))
_IS_DISPUTED: Final = _TOLD.where(resource.c.id == bindparam("of_account"), claimant.c.settled.is_(None)).limit(1)
_SETTLE: Final = (
    update(claimant)
    .where(claimant.c.app == OF_APP, claimant.c.settled.is_(None), is_one_of(claimant.c.okta_user_id, _given))
    .values(settled=database_now())
)


def hold_against(scope: Scope, snapshot_pk: int, sealed: int) -> None:
    """Bring the disputes up to date by a snapshot that is being sealed, at that moment."""
    parameters = {"of_app": scope.app, "of_pk": snapshot_pk}
    scope.connection.execute(_END, parameters)
    scope.connection.execute(_BEGIN[scope.dialect], {**parameters, "sealed": sealed})


def note_former(scope: Scope, kind: str, pk: int, okta_user_id: str | None) -> None:
    """Write down that a resource, if it is an account, carried that Okta user id until now."""
    if kind == USER_TYPE.name and okta_user_id is not None:
        _ADD.later(scope.link, app=scope.app, resource_pk=pk, okta_user_id=okta_user_id, since=scope.moment)


def claimants_of(scope: Scope, account_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the claimants of these accounts, settled or not, by SCIM id."""
    found: dict[str, set[str]] = {}
    for given in in_chunks(sorted(account_ids)):
        for account_id, okta_user_id in scope.connection.execute(_CLAIMANTS, {"of_app": scope.app, "given": given}):
            found.setdefault(account_id, set()).add(okta_user_id)
    return {account_id: frozenset(others) for account_id, others in found.items()}


def is_disputed(scope: Scope, account_id: str) -> bool:
    """Return whether the account has a claimant who is not settled."""
    found = scope.connection.execute(_IS_DISPUTED, {"of_app": scope.app, "of_account": account_id})
    return found.first() is not None


def settle(scope: Scope, okta_user_ids: Iterable[str]) -> None:
    """Write down that Okta has said that these people have no access."""
    scope.refuse_reading()
    for given in in_chunks(sorted(okta_user_ids)):
        scope.connection.execute(_SETTLE, {"of_app": scope.app, "given": given})
