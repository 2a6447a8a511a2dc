"""Snapshots of the source: staged page by page, then sealed for good or void."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Text, bindparam, delete, exists, insert, select, text, union, update
from sqlalchemy.exc import IntegrityError

from scim.core_schemas import USER_TYPE
from scim.resource import fold
from syncd.core.attributes import digest
from syncd.core.subjects import Assignment, Subject
from syncd.ports import AssignmentPage, Comparison, Manifest, Resumed, SnapshotRefusedError, SourceIdentity
from syncd.store import claimants
from syncd.store.comparison import compare, count_accounts, listed
from syncd.store.confirmation_tables import is_open_walk
from syncd.store.constructs import POSTGRESQL, database_now, insert_on_each, is_one_of, json_elements, text_part
from syncd.store.correlation import IS_LISTED, IS_UNLISTED, OF_APP, OF_PK, is_item, is_user
from syncd.store.moments import microseconds, moment_of
from syncd.store.pairing import ALONE
from syncd.store.runs import RUNNING
from syncd.store.scope import Scope
from syncd.store.tables import (
    TYPE_CODES,
    AnyRow,
    absence,
    resource,
    run,
    snapshot,
    snapshot_item,
    tombstone,
    walk_version,
)

KEPT_SNAPSHOTS: Final = 2
"""Of how many sealed snapshots the rows are kept. Manifests are kept for good."""

_OPEN, SEALED, _VOID, _RETIRED = "open", "sealed", "void", "retired"

_IS_IT: Final = snapshot.c.pk == OF_PK
_FIND: Final = select(snapshot).where(snapshot.c.app == OF_APP, snapshot.c.id == bindparam("of_snapshot"))
_FIND_LOCKED: Final = _FIND.with_for_update(key_share=True)

_BEGIN: Final = insert(snapshot).values(started=database_now()).returning(snapshot.c.pk)
_NOTE_WALK_VERSIONS: Final = insert(walk_version).from_select(
    ["app", "snapshot_pk", "resource_pk", "version"],
    select(resource.c.app, OF_PK, resource.c.pk, resource.c.version).where(is_user(resource)),
)
_running: Final = select(run.c.id).where(run.c.app == OF_APP, run.c.state == RUNNING)
_VOID_ABANDONED: Final = (
    update(snapshot)
    .where(snapshot.c.app == OF_APP, snapshot.c.state == _OPEN, snapshot.c.run_id.not_in(_running))
    .values(state=_VOID, reason="abandoned")
)
_ABANDONED: Final = (
    select(snapshot)
    .where(
        snapshot.c.app == OF_APP,
        is_open_walk,
        snapshot.c.run_id.not_in(_running),
        snapshot.c.started >= database_now() - bindparam("max_age", type_=snapshot.c.started.type),
    )
    .order_by(snapshot.c.pk.desc())
    .with_for_update(key_share=True)
)
_TAKE_UP: Final = update(snapshot).where(_IS_IT).values(run_id=bindparam("new_run"))
_kept: Final = (
    select(snapshot.c.pk)
    .where(snapshot.c.app == OF_APP, snapshot.c.state == SEALED)
    .order_by(snapshot.c.pk.desc())
    .limit(KEPT_SNAPSHOTS)
)
_RETIRE: Final = (
    update(snapshot)
    .where(snapshot.c.app == OF_APP, snapshot.c.state == SEALED, snapshot.c.pk.not_in(_kept))
    .values(state=_RETIRED)
)
_useless: Final = select(snapshot.c.pk).where(snapshot.c.app == OF_APP, snapshot.c.state.in_((_VOID, _RETIRED)))
_DROP_USELESS: Final = tuple(
    delete(table).where(table.c.snapshot_pk.in_(_useless)) for table in (snapshot_item, walk_version)
)

_given: Final = json_elements(bindparam("given"))
_STAGED_BEFORE: Final = (
    select(snapshot_item.c.okta_user_id)
    .where(is_item(snapshot_item), snapshot_item.c.okta_user_id.in_(select(text_part(_given, 0))))
    .order_by(snapshot_item.c.okta_user_id)
    .limit(1)
)
_ADD_ITEMS: Final = insert(snapshot_item)
_COUNT_PAGE: Final = (
    update(snapshot)
    .where(_IS_IT)
    .values(pages=snapshot.c.pages + 1, rows=snapshot.c.rows + bindparam("staged"), cursor=bindparam("new_cursor"))
)

# With a million people on each side, single statements take up to half a minute.
_ALLOW_TIME: Final = text("SET LOCAL statement_timeout = '30min'")

# What was just staged is news to PostgreSQL's planner. SQLite plans by the indexes alone.
_TELL_PLANNER: Final = text("ANALYZE (SKIP_LOCKED) resource, snapshot_item, walk_version")
_SEAL: Final = (
    update(snapshot)
    .where(_IS_IT)
    .values(
        state=SEALED,
        sealed=database_now(),
        identity=bindparam("new_identity", type_=snapshot.c.identity.type),
    )
    .returning(snapshot.c.sealed)
)
_END_ABSENCES: Final = delete(absence).where(
    absence.c.app == OF_APP, exists().where(resource.c.pk == absence.c.resource_pk, IS_LISTED).correlate(absence)
)
# An account that was made after the walk began is not missing from it.
_walked: Final = exists().where(walk_version.c.snapshot_pk == OF_PK, walk_version.c.resource_pk == resource.c.pk)
_COUNT_ABSENCES: Final = insert_on_each(
    absence,
    lambda statement: statement.from_select(
        ["app", "resource_pk", "snapshots", "since"],
        select(resource.c.app, resource.c.pk, 1, bindparam("sealed", type_=absence.c.since.type)).where(
            resource.c.pk.in_(ALONE), IS_UNLISTED, _walked
        ),
    ).on_conflict_do_update(index_elements=["resource_pk"], set_={"snapshots": absence.c.snapshots + 1}),
)
_MARK_VOID: Final = (
    update(snapshot).where(_IS_IT, snapshot.c.state == _OPEN).values(state=_VOID, reason=bindparam("new_reason"))
)
_DROP_ITS_ROWS: Final = tuple(
    delete(table).where(table.c.snapshot_pk == OF_PK) for table in (snapshot_item, walk_version)
)
_LAST_SEALED: Final = (
    select(snapshot).where(snapshot.c.app == OF_APP, snapshot.c.state == SEALED).order_by(snapshot.c.pk.desc()).limit(1)
)

_buried: Final = select(tombstone.c.external_id, tombstone.c.id, tombstone.c.pk).where(
    tombstone.c.app == OF_APP, tombstone.c.type == TYPE_CODES[USER_TYPE.name], tombstone.c.external_id.is_not(None)
)
_TOMBSTONES: Final = _buried.where(is_one_of(tombstone.c.external_id, bindparam("given", type_=Text()))).order_by(
    tombstone.c.pk
)
# One look into an index for each key: of an OR, databases make a scan.
_BURIED: Final = union(
    _buried.where(tombstone.c.id == bindparam("key")),
    _buried.where(tombstone.c.external_id == bindparam("key")),
    _buried.where(tombstone.c.ukey == bindparam("folded")),
).order_by("pk")


class SqlStaging:
    """The snapshots of one application, in one unit of work; see `syncd.ports.Staging`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def begin(self, run_id: str, identity: SourceIdentity | None = None) -> str:
        """Open a snapshot, note the version of every account, and return the snapshot's id.

        Rows of snapshots that are older than the last two sealed ones go, and those of walks whose run has ended.
        Without an identity nobody can take the snapshot up later.
        """
        self._scope.refuse_reading()
        self._allow_time()
        for statement in (_VOID_ABANDONED, _RETIRE, *_DROP_USELESS):
            self._execute(statement)
        snapshot_id = self._scope.new_id()
        row = {
            "app": self._scope.app,
            "id": snapshot_id,
            "run_id": run_id,
            "state": _OPEN,
            "pages": 0,
            "rows": 0,
            "identity": _told(identity),
        }
        pk = self._scope.connection.execute(_BEGIN, row).scalar_one()
        self._execute(_NOTE_WALK_VERSIONS, of_pk=pk)
        return snapshot_id

    def resume(self, run_id: str, identity: SourceIdentity, max_age: timedelta) -> Resumed | None:
        """Let the run take up the youngest unsealed snapshot whose own run has ended, or return None.

        It was begun with the same identity, no longer than `max_age` ago, and its last page came with a cursor.
        """
        self._scope.refuse_reading()
        abandoned = self._execute(_ABANDONED, max_age=microseconds(max_age))
        found = next((row for row in abandoned if row.identity == _told(identity)), None)
        if found is None:
            return None
        self._execute(_TAKE_UP, of_pk=found.pk, new_run=run_id)
        return Resumed(found.id, found.pages, found.rows, found.cursor, moment_of(found.started))

    def add_page(self, snapshot_id: str, page: AssignmentPage) -> None:
        """Stage one page with its cursor.

        Raises `SnapshotRefusedError` when it names a user twice, or one that was staged before.
        """
        pk = self._found(snapshot_id, _OPEN).pk
        if page.rows:
            self._add_items(pk, page)
        self._execute(_COUNT_PAGE, of_pk=pk, staged=len(page.rows), new_cursor=page.cursor)

    def seal(self, snapshot_id: str, identity: SourceIdentity) -> Manifest:
        """Close the snapshot for good, bring absences and disputes up to date, and return the manifest."""
        found = self._found(snapshot_id, _OPEN)
        if not found.pages:
            raise SnapshotRefusedError(f"snapshot {snapshot_id} holds no page, so it says nothing about anybody")
        if found.identity not in (None, _told(identity)):
            raise SnapshotRefusedError(f"snapshot {snapshot_id} was begun with another identity of the source")
        self._allow_time()
        if self._scope.dialect == POSTGRESQL:
            self._execute(_TELL_PLANNER)
        sealed = self._execute(_SEAL, of_pk=found.pk, new_identity=_told(identity)).scalar_one()
        self._execute(_END_ABSENCES, of_pk=found.pk)
        self._execute(_COUNT_ABSENCES[self._scope.dialect], of_pk=found.pk, sealed=sealed)
        claimants.hold_against(self._scope, found.pk, sealed)
        return Manifest(snapshot_id, identity, found.pages, found.rows, moment_of(found.started), moment_of(sealed))

    def void(self, snapshot_id: str, reason: str) -> None:
        """Mark an unsealed snapshot as useless and drop its rows. Raises `SnapshotRefusedError` for a sealed one.

        Nothing happens to one that is void already: a later run may have given it up.
        """
        pk = self._found(snapshot_id, _OPEN, _VOID).pk
        self._allow_time()
        self._execute(_MARK_VOID, of_pk=pk, new_reason=reason)
        for statement in _DROP_ITS_ROWS:
            self._execute(statement, of_pk=pk)

    def last_sealed(self) -> Manifest | None:
        """Return the manifest of the youngest sealed snapshot of this application, or None."""
        row = self._execute(_LAST_SEALED).first()
        return manifest_of(row) if row else None

    def tombstones(self, okta_user_ids: Sequence[str]) -> dict[str, str]:
        """Return the SCIM id of the account that was deleted here, the youngest, for those of these that had one."""
        given = orjson.dumps(sorted(okta_user_ids)).decode()
        return {row.external_id: row.id for row in self._execute(_TOMBSTONES, given=given)}

    def listed(self, keys: Collection[str]) -> tuple[Subject, ...]:
        """Return the assignments of the last sealed snapshot that one of these names, each with its candidates."""
        row = self._execute(_LAST_SEALED).first()
        return listed(self._scope, row, keys) if row else ()

    def buried(self, key: str) -> dict[str, str]:
        """Return the SCIM ids of accounts that were deleted here and had that key, by the Okta user id they carried."""
        return {row.external_id: row.id for row in self._execute(_BURIED, key=key, folded=fold(key))}

    def claimants(self, account_ids: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return by SCIM id the Okta user ids of the others that these accounts were said to belong to."""
        return claimants.claimants_of(self._scope, account_ids)

    def is_disputed(self, account_id: str) -> bool:
        """Return whether the account has a claimant who is not settled."""
        return claimants.is_disputed(self._scope, account_id)

    def settle(self, okta_user_ids: Iterable[str]) -> None:
        """Write down that Okta has said that these claimants have no access."""
        claimants.settle(self._scope, okta_user_ids)

    def managed_active(self) -> int:
        """Return how many active accounts of origin scim there are."""
        return count_accounts(self._scope).managed_active  # type: ignore[no-any-return]  # a row

    def compare(self, snapshot_id: str, most: int | None = None, also: Collection[str] = ()) -> Comparison:
        """Hold the snapshot against the accounts, with at most so many subjects, and those that are named in `also`.

        Raises `SnapshotRefusedError` when it is not sealed.
        """
        found = self._execute(_FIND, of_snapshot=snapshot_id).first()
        if found is None or found.state != SEALED:
            raise SnapshotRefusedError(f"snapshot {snapshot_id} is not sealed, so nothing may be concluded from it")
        self._allow_time()
        return compare(self._scope, found, most, also)

    def _add_items(self, pk: int, page: AssignmentPage) -> None:
        rows = [_item(self._scope.app, pk, row) for row in page.rows]
        try:
            with self._scope.connection.begin_nested():
                self._scope.connection.execute(_ADD_ITEMS, rows)
        except IntegrityError as error:
            twice = self._named_twice(pk, [row.okta_user_id for row in page.rows])
            if twice is None:
                raise
            message = f"Okta listed the user {twice} twice, the second time on page {page.number}"
            raise SnapshotRefusedError(message) from error

    def _named_twice(self, pk: int, ids: list[str]) -> str | None:
        """Return the first id that is in the page twice, or in the snapshot before it."""
        seen: set[str] = set()
        for one in ids:
            if one in seen:
                return one
            seen.add(one)
        given = orjson.dumps([[one] for one in ids]).decode()
        staged: str | None = self._execute(_STAGED_BEFORE, of_pk=pk, given=given).scalar()
        return staged

    def _found(self, snapshot_id: str, *states: str) -> AnyRow:
        """Return the row of the snapshot, locked. Raises `SnapshotRefusedError` when it is in none of these states."""
        self._scope.refuse_reading()
        found: AnyRow | None = self._execute(_FIND_LOCKED, of_snapshot=snapshot_id).first()
        if found is None or found.state not in states:
            state = found.state if found else "not there"
            raise SnapshotRefusedError(f"snapshot {snapshot_id} is {state}: it takes no more rows, and is not given up")
        return found

    def _allow_time(self) -> None:
        """Let the statements of this transaction run longer than any that a client waits for may."""
        if self._scope.dialect == POSTGRESQL:
            self._execute(_ALLOW_TIME)

    def _execute(self, statement: Any, **values: Any) -> Any:
        return self._scope.connection.execute(statement, {"of_app": self._scope.app, **values})


def _told(identity: SourceIdentity | None) -> dict[str, str] | None:
    return asdict(identity) if identity else None


def _item(app: int, snapshot_pk: int, row: Assignment) -> dict[str, Any]:
    return {
        "app": app,
        "snapshot_pk": snapshot_pk,
        "okta_user_id": row.okta_user_id,
        "user_name": row.user_name,
        "user_key": fold(row.user_name) if row.user_name else None,
        "external_id": row.external_id,
        "app_status": row.app_status,
        "user_status": row.user_status,
        "scope": row.scope,
        "sync_state": row.sync_state,
        "digest": digest(row.attributes),
        "attributes": dict(row.attributes),
        "age": None if row.age is None else microseconds(row.age),
    }


def manifest_of(row: AnyRow) -> Manifest:
    """Return the manifest of a sealed snapshot's row."""
    return Manifest(
        row.id,
        SourceIdentity(**row.identity),
        row.pages,
        row.rows,
        moment_of(row.started),
        moment_of(row.sealed),
    )
