"""A sealed snapshot held against the accounts: what agrees is counted in SQL, and only the rest becomes values.

Every assignment is counted in sync, or is in one subject. Every account is one of these: the account of one assignment
in sync; closed; alone in one subject; or a candidate in the subject of each assignment that points to it. Where no more
than so many subjects are wanted, the others are counted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

import orjson
from sqlalchemy import Text, bindparam, distinct, func, not_, select, union

from scim.resource import fold
from syncd.core.subjects import Absence, Account, Assignment, Candidate, LinkKey, Origin, Subject
from syncd.ports import Comparison
from syncd.store.accounts import account_of
from syncd.store.constructs import is_one_of
from syncd.store.correlation import (
    ASSIGNMENT_COLUMNS,
    IS_IN_SYNC,
    IS_UNLISTED,
    MATCHED,
    OF_PK,
    PARTNERS,
    belongs,
    is_item,
    is_user,
)
from syncd.store.moments import moment_of
from syncd.store.pairing import GIVEN, in_chunks, pair
from syncd.store.rows import RESOURCE_COLUMNS
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, absence, resource, snapshot_item, walk_version

_FOLDED: Final = bindparam("folded", type_=Text())
_NAMED: Final = (is_item(snapshot_item), is_one_of(snapshot_item.c.okta_user_id, GIVEN))
_DIFFERS: Final = (*_NAMED, not_(IS_IN_SYNC))
_LISTED: Final = (
    select(
        *ASSIGNMENT_COLUMNS,
        snapshot_item.c.attributes,
        snapshot_item.c.age,
        *(account.c.pk.label(key.name) for key, account in PARTNERS.items()),
    )
    .select_from(MATCHED)
    .order_by(snapshot_item.c.okta_user_id)
)
_DIFFERING: Final = _LISTED.where(*_DIFFERS)
_WANTED: Final = _LISTED.where(*_NAMED)
_COUNT_ACCOUNTS: Final = select(
    func.count().label("all"),
    func.count().filter(resource.c.active, resource.c.origin == Origin.SCIM.value).label("managed_active"),
).where(is_user(resource))
_COUNT_WITHOUT_ID: Final = (
    select(func.count()).select_from(snapshot_item).where(is_item(snapshot_item), snapshot_item.c.external_id.is_(None))
)
_COUNT_DIFFERING: Final = (
    select(func.count(distinct(snapshot_item.c.okta_user_id))).select_from(MATCHED).where(*_DIFFERS)
)
_COUNT_WANTED: Final = select(func.count()).select_from(snapshot_item).where(*_NAMED)
_by_account: Final = snapshot_item.join(resource, belongs(LinkKey.OKTA_USER_ID, resource, snapshot_item))
# One look into an index for each key: of an OR, databases make a scan.
_NAMED_BY: Final = union(
    select(snapshot_item.c.okta_user_id).where(*_NAMED),
    select(snapshot_item.c.okta_user_id).where(is_item(snapshot_item), is_one_of(snapshot_item.c.external_id, GIVEN)),
    select(snapshot_item.c.okta_user_id)
    .select_from(_by_account)
    .where(is_user(resource), is_one_of(resource.c.id, GIVEN), is_item(snapshot_item)),
)
_NAMED_ANYHOW: Final = union(
    select(snapshot_item.c.okta_user_id).where(*_NAMED),
    select(snapshot_item.c.okta_user_id).where(is_item(snapshot_item), is_one_of(snapshot_item.c.external_id, GIVEN)),
    select(snapshot_item.c.okta_user_id).where(is_item(snapshot_item), is_one_of(snapshot_item.c.user_key, _FOLDED)),
)

_ACCOUNTS: Final = (
    select(*RESOURCE_COLUMNS, walk_version.c.version.label("walk_version"))
    .select_from(resource)
    .outerjoin(walk_version, (walk_version.c.snapshot_pk == OF_PK) & (walk_version.c.resource_pk == resource.c.pk))
    .where(is_one_of(resource.c.pk, GIVEN))
)
_CANDIDATES: Final = _ACCOUNTS.where(is_user(resource))
_UNLISTED: Final = (
    _ACCOUNTS.add_columns(absence.c.snapshots, absence.c.since)
    .outerjoin(absence, absence.c.resource_pk == resource.c.pk)
    .where(IS_UNLISTED)
)
_COUNT_UNLISTED: Final = select(func.count()).select_from(resource).where(is_one_of(resource.c.pk, GIVEN), IS_UNLISTED)


def compare(scope: Scope, snapshot: AnyRow, most: int | None = None, also: Collection[str] = ()) -> Comparison:
    """Return the comparison of a sealed snapshot, whose row it is. `also` as `Staging.compare` has it.

    Raises `SnapshotRefusedError` when the snapshot has not all of its rows any more.
    """
    asking = _Asking(scope, {"of_app": scope.app, "of_pk": snapshot.pk})
    pairs = pair(scope, snapshot, asking.parameters)
    wanted = asking.named_by(also)
    gathered = _Gathered(most)
    unlisted = asking.unlisted(snapshot.sealed)
    managed = gathered.take(in_chunks(pairs.managed), asking.how_many(_COUNT_UNLISTED), unlisted)
    differing = gathered.take(in_chunks(sorted(wanted)), asking.how_many(_COUNT_WANTED), asking.listed(_WANTED))
    differing += gathered.take(
        in_chunks(sorted(pairs.doubtful - wanted)), asking.how_many(_COUNT_DIFFERING), asking.listed(_DIFFERING)
    )
    foreign = _Gathered(gathered.room)
    others = foreign.take(in_chunks(pairs.foreign), asking.how_many(_COUNT_UNLISTED), unlisted)
    closed = sum(map(asking.how_many(_COUNT_UNLISTED), in_chunks(pairs.closed)))
    return Comparison(
        assignments=snapshot.rows,
        accounts=pairs.accounts,
        managed_active=pairs.managed_active,
        in_sync=snapshot.rows - differing,
        closed=closed,
        differing=tuple(sorted([*gathered.subjects, *foreign.subjects], key=_order)),
        without_external_id=0 if gathered.beyond else asking.count(_COUNT_WITHOUT_ID) - gathered.without_external_id,
        beyond=gathered.beyond,
        foreign_beyond=foreign.beyond,
        unlisted=managed + closed + others,
    )


def listed(scope: Scope, snapshot: AnyRow, keys: Collection[str]) -> tuple[Subject, ...]:
    """Return the assignments of a snapshot, whose row it is, that one of these names; see `Staging.listed`."""
    asking = _Asking(scope, {"of_app": scope.app, "of_pk": snapshot.pk})
    folded = orjson.dumps(sorted({fold(key) for key in keys})).decode()
    given = orjson.dumps(sorted(keys)).decode()
    ids = scope.connection.execute(_NAMED_ANYHOW, {**asking.parameters, "given": given, "folded": folded}).scalars()
    return tuple(subject for some in in_chunks(sorted(ids)) for subject in asking.listed(_WANTED)(some))


def count_accounts(scope: Scope) -> AnyRow:
    """Return how many accounts there are (`all`), and how many active ones that came over SCIM (`managed_active`)."""
    return scope.connection.execute(_COUNT_ACCOUNTS, {"of_app": scope.app}).one()


@dataclass(slots=True)
class _Gathered:
    """At most so many subjects, and how many more there are; all of them without a bound."""

    most: int | None
    subjects: list[Subject] = field(default_factory=list)
    beyond: int = 0

    @property
    def without_external_id(self) -> int:
        """How many of the subjects are assignments for which Okta holds no SCIM id."""
        assignments = (one.assignment for one in self.subjects)
        return sum(one is not None and one.external_id is None for one in assignments)

    @property
    def room(self) -> int | None:
        """How many subjects more are wanted."""
        return None if self.most is None else max(0, self.most - len(self.subjects))

    def take(self, chunks: Iterator[str], how_many: Callable[[str], int], read: Callable[[str], list[Subject]]) -> int:
        """Take the subjects of each chunk while there is room, and count the others. Return how many there are."""
        total = 0
        for given in chunks:
            if self.room == 0:
                found, kept = how_many(given), 0
            else:
                subjects = read(given)
                wanted = subjects[: self.room]
                found, kept = len(subjects), len(wanted)
                self.subjects += wanted
            self.beyond += found - kept
            total += found
        return total


@dataclass(frozen=True, slots=True)
class _Asking:
    """The questions about one snapshot: each is about some rows, that are given as a JSON list."""

    scope: Scope
    parameters: Mapping[str, Any]

    def count(self, statement: Any) -> int:
        """Return what a statement counts in the whole snapshot."""
        return int(self.scope.connection.execute(statement, self.parameters).scalar_one())

    def how_many(self, count: Any) -> Callable[[str], int]:
        """Return the function that counts by a statement."""
        return lambda given: int(self._ask(count, given).scalar_one())

    def unlisted(self, sealed: int) -> Callable[[str], list[Subject]]:
        """Return the function that reads accounts which no row points to; the snapshot was sealed at that moment."""
        return lambda given: [_unlisted_subject(row, sealed) for row in self._ask(_UNLISTED, given)]

    def listed(self, statement: Any) -> Callable[[str], list[Subject]]:
        """Return the function that reads assignments by their Okta user ids, with their candidates."""
        return lambda given: self._listed_subjects(statement, given)

    def named_by(self, keys: Collection[str]) -> set[str]:
        """Return the Okta user ids of the assignments that these keys name."""
        return {one for given in in_chunks(sorted(keys)) for one in self._ask(_NAMED_BY, given).scalars()}

    def _listed_subjects(self, statement: Any, given: str) -> list[Subject]:
        rows = self._ask(statement, given).all()
        accounts = dict(self._accounts({pk for row in rows for _, pk in _partners(row)}))
        return [_subject(tuple(group), accounts) for _, group in groupby(rows, key=lambda row: row.okta_user_id)]

    def _accounts(self, pks: Iterable[int]) -> Iterator[tuple[int, Account]]:
        for given in in_chunks(sorted(pks)):
            for row in self._ask(_CANDIDATES, given):
                yield row.pk, account_of(row, row.walk_version)

    def _ask(self, statement: Any, given: str) -> Any:
        return self.scope.connection.execute(statement, {**self.parameters, "given": given})


def _partners(row: AnyRow) -> Iterator[tuple[LinkKey, int]]:
    """Yield each key of the row that points to an account, with the account's row number."""
    for key, pk in zip(PARTNERS, row[-len(PARTNERS) :], strict=True):
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
    age = None if row.age is None else timedelta(microseconds=row.age)
    return Assignment(*(*row[: len(ASSIGNMENT_COLUMNS) + 1], age))  # the attributes come before the age


def _unlisted_subject(row: AnyRow, sealed: int) -> Subject:
    missing = None
    if row.snapshots is not None:
        missing = Absence(row.snapshots, moment_of(row.since), timedelta(microseconds=sealed - row.since))
    return Subject(None, (Candidate(account_of(row, row.walk_version), frozenset()),), absence=missing)


def _order(subject: Subject) -> tuple[str, str]:
    account_id = subject.candidates[0].account.id if subject.candidates else ""
    return account_id, subject.assignment.okta_user_id if subject.assignment else ""
