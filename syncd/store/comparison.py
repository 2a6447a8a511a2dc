"""A sealed snapshot held against the accounts, in SQL: what agrees is counted, and only the rest becomes values.

Every assignment is counted in sync, or is in one subject. Every account is one of these: the account of one assignment
in sync; closed; alone in one subject; or a candidate in the subject of each assignment that points to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, func, not_, select

from syncd.core.subjects import Absence, Account, Assignment, Candidate, LinkKey, Origin, Subject
from syncd.ports import Comparison
from syncd.store.accounts import account_of
from syncd.store.constructs import json_elements, number_part
from syncd.store.correlation import IS_IN_SYNC, IS_UNLISTED, MATCHED, OF_PK, PARTNERS, is_item, is_user
from syncd.store.moments import moment_of
from syncd.store.rows import RESOURCE_COLUMNS
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, absence, resource, snapshot_item, walk_version

_ACCOUNTS_AT_ONCE: Final = 5000

_DIFFERING: Final = (
    select(
        snapshot_item.c.okta_user_id,
        snapshot_item.c.user_name,
        snapshot_item.c.external_id,
        snapshot_item.c.app_status,
        snapshot_item.c.user_status,
        snapshot_item.c.scope,
        snapshot_item.c.sync_state,
        snapshot_item.c.attributes,
        *(account.c.pk.label(key.name) for key, account in PARTNERS.items()),
    )
    .select_from(MATCHED)
    .where(is_item(snapshot_item), not_(IS_IN_SYNC))
    .order_by(snapshot_item.c.okta_user_id)
)
_COUNT_ACCOUNTS: Final = select(
    func.count().label("all"),
    func.count().filter(resource.c.active, resource.c.origin == Origin.SCIM.value).label("managed_active"),
).where(is_user(resource))
_COUNT_WITHOUT_ID: Final = (
    select(func.count()).select_from(snapshot_item).where(is_item(snapshot_item), snapshot_item.c.external_id.is_(None))
)
_COUNT_CLOSED: Final = select(func.count()).select_from(resource).where(not_(resource.c.active), IS_UNLISTED)

_ACCOUNTS: Final = (
    select(*RESOURCE_COLUMNS, walk_version.c.version.label("walk_version"))
    .select_from(resource)
    .outerjoin(walk_version, (walk_version.c.snapshot_pk == OF_PK) & (walk_version.c.resource_pk == resource.c.pk))
)
_given: Final = json_elements(bindparam("given"))
_CANDIDATES: Final = _ACCOUNTS.where(is_user(resource), resource.c.pk.in_(select(number_part(_given, 0))))
_UNLISTED: Final = (
    _ACCOUNTS.add_columns(absence.c.snapshots, absence.c.since)
    .outerjoin(absence, absence.c.resource_pk == resource.c.pk)
    .where(resource.c.active, IS_UNLISTED)
)


def compare(scope: Scope, pk: int, rows: int, sealed: int) -> Comparison:
    """Return the comparison of the sealed snapshot with row number `pk`, its number of rows and its moment."""
    parameters = {"of_app": scope.app, "of_pk": pk}
    connection = scope.connection
    listed = _listed_subjects(scope, parameters)
    unlisted = (_unlisted_subject(row, sealed) for row in connection.execute(_UNLISTED, parameters))
    accounts = count_accounts(scope)
    return Comparison(
        assignments=rows,
        accounts=accounts.all,
        managed_active=accounts.managed_active,
        in_sync=rows - len(listed),
        closed=connection.execute(_COUNT_CLOSED, parameters).scalar_one(),
        differing=tuple(sorted([*listed, *unlisted], key=_order)),
        without_external_id=connection.execute(_COUNT_WITHOUT_ID, parameters).scalar_one()
        - sum(subject.assignment is not None and subject.assignment.external_id is None for subject in listed),
    )


def count_accounts(scope: Scope) -> AnyRow:
    """Return how many accounts there are (`all`), and how many active ones that came over SCIM (`managed_active`)."""
    return scope.connection.execute(_COUNT_ACCOUNTS, {"of_app": scope.app}).one()


def _listed_subjects(scope: Scope, parameters: Mapping[str, Any]) -> list[Subject]:
    """Return the differing assignments with their candidates."""
    rows = scope.connection.execute(_DIFFERING, parameters).all()
    accounts = dict(_accounts(scope, parameters, {pk for row in rows for _, pk in _partners(row)}))
    return [_subject(tuple(group), accounts) for _, group in groupby(rows, key=lambda row: row.okta_user_id)]


def _accounts(scope: Scope, parameters: Mapping[str, Any], pks: Iterable[int]) -> Iterator[tuple[int, Account]]:
    ordered = sorted(pks)
    for start in range(0, len(ordered), _ACCOUNTS_AT_ONCE):
        given = orjson.dumps([[pk] for pk in ordered[start : start + _ACCOUNTS_AT_ONCE]]).decode()
        for row in scope.connection.execute(_CANDIDATES, {**parameters, "given": given}):
            yield row.pk, account_of(row, row.walk_version)


def _partners(row: AnyRow) -> Iterator[tuple[LinkKey, int]]:
    """Yield each key of the row that points to an account, with the account's row number."""
    for key in PARTNERS:
        pk = getattr(row, key.name)
        if pk is not None:
            yield key, pk


def _subject(rows: tuple[AnyRow, ...], accounts: Mapping[int, Account]) -> Subject:
    """Return one assignment with its candidates, by account id. It has a row for each account of its Okta user id."""
    keys: dict[int, set[LinkKey]] = {}
    for row in rows:
        for key, pk in _partners(row):
            keys.setdefault(pk, set()).add(key)
    candidates = (Candidate(accounts[pk], frozenset(by)) for pk, by in keys.items())
    return Subject(_assignment(rows[0]), tuple(sorted(candidates, key=lambda candidate: candidate.account.id)))


def _assignment(row: AnyRow) -> Assignment:
    return Assignment(
        row.okta_user_id,
        row.user_name,
        row.external_id,
        row.app_status,
        row.user_status,
        row.scope,
        row.sync_state,
        row.attributes,
    )


def _unlisted_subject(row: AnyRow, sealed: int) -> Subject:
    missing = None
    if row.snapshots is not None:
        missing = Absence(row.snapshots, moment_of(row.since), timedelta(microseconds=sealed - row.since))
    return Subject(None, (Candidate(account_of(row, row.walk_version), frozenset()),), absence=missing)


def _order(subject: Subject) -> tuple[str, str]:
    account_id = subject.candidates[0].account.id if subject.candidates else ""
    return account_id, subject.assignment.okta_user_id if subject.assignment else ""
