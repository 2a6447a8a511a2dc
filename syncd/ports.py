"""What the workflows need from outside, as protocols that say how it behaves.

Adapters implement these; `tests/contracts` hold the rules as tests that every implementation passes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from scim.resource import StoredResource
from scim.store import ResourceStore
from syncd.core.changes import Action, Cause, Change
from syncd.core.subjects import Account, Assignment, Lookup, Subject


class SourceFault(StrEnum):
    """Why nothing can be said about the source."""

    UNREACHABLE = "unreachable"
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    APP = "app"
    RATE_LIMIT = "rate-limit"
    LISTING = "listing"


class SourceUnhealthyError(Exception):
    """The source could not be read completely, so nothing may be concluded from it (situation D29, exit code 3).

    `where` names the request, never with a secret; `remedy` is the next thing an operator does.
    """

    def __init__(self, fault: SourceFault, what: str, *, where: str, remedy: str) -> None:
        super().__init__(f"{what} ({where}). {remedy}")
        self.fault, self.what, self.where, self.remedy = fault, what, where, remedy


class LeaseHeldError(Exception):
    """Another run holds the application's lease (exit code 6)."""


class LeaseLostError(Exception):
    """The lease was taken over by a later run: this one may change nothing more."""


class SnapshotRefusedError(Exception):
    """The staged rows contradict one another, so the snapshot cannot be sealed."""


class Clock(Protocol):
    """The time. The only source of it below the composition root."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class Announce(Protocol):
    """Says where a long piece of work stands, to whoever watches."""

    def __call__(self, message: str, /) -> None:
        """Show one line of plain words, without a secret. Returns at once and never raises."""


# ------------------------------------------------------------------ the source of assignments


@dataclass(frozen=True, slots=True)
class AssignmentPage:
    """One page of the listing, numbered from 1, complete as the source sent it.

    With `cursor` the source goes on behind this page, or says that there is nothing behind it: a text that means
    something to the source alone. None: nobody can go on from here.
    """

    number: int
    rows: tuple[Assignment, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """What a snapshot was taken with: equal identities are comparable snapshots. Digests are hex SHA-256, truncated."""

    okta_app_id: str
    app_label: str
    credential_digest: str
    filter_digest: str


class AssignmentSource(Protocol):
    """One Okta application, as its Management API tells it."""

    def preflight(self) -> SourceIdentity:
        """Ask whether the application is there, active, and readable with this credential.

        Raises `SourceUnhealthyError` with the remedy otherwise.
        """

    def pages(self, resume: str | None = None) -> Iterator[AssignmentPage]:
        """Yield every page of the listing, from the first to the one that has no next.

        Either every row has been yielded when the iterator ends, or it raises `SourceUnhealthyError`: an iterator that
        ends without raising means the listing is complete. A row that cannot be read raises too.

        `resume` is the cursor of a page that was read before, by whichever process: then the pages behind that one are
        yielded, under the numbers that they would have had. Nobody is yielded twice; that somebody was listed before
        the cursor and is listed again behind it shows where both are staged. Raises `SourceUnhealthyError` for a
        cursor that is not understood, and where nobody is listed behind one that led on.
        """

    def look_up(self, okta_user_id: str) -> Lookup:
        """Ask Okta, uncached, about one user and this application. Raises nothing: what cannot be told is UNKNOWN."""

    def close(self) -> None:
        """Give back connections. May be called twice."""


# ------------------------------------------------------------------ the store


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a sealed snapshot is: evidence, and the yardstick for the next one. Times by the database's clock."""

    snapshot_id: str
    identity: SourceIdentity
    pages: int
    rows: int
    started: datetime
    sealed: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sealed snapshot held against the accounts as they are now.

    `in_sync` subjects are counted and not listed: linked by every key that is set, both sides active, attribute digests
    equal. Inactive accounts without an assignment are counted in `closed`: nothing is expected of them. All other
    subjects are in `differing`, ordered by account id, then Okta user id; conservation: `in_sync`, `closed` and
    `differing` together cover every assignment and every account. `managed_active` is the number of active accounts of
    origin scim.

    Where no more than so many subjects were wanted, `foreign_beyond` counts the active accounts of another origin
    without an assignment that are not in `differing`, and `beyond` all others that are not. With any beyond, nothing
    may follow from `differing`: who is missing there may dispute what is there.
    """

    assignments: int
    accounts: int
    managed_active: int
    in_sync: int
    closed: int
    differing: tuple[Subject, ...]
    beyond: int = 0
    foreign_beyond: int = 0


@dataclass(frozen=True, slots=True)
class Resumed:
    """An unsealed snapshot that another run takes up: what is staged, and the cursor behind the last page of it.

    `started` is when the walk began, by the database's clock: so old are its walk versions.
    """

    snapshot_id: str
    pages: int
    rows: int
    cursor: str
    started: datetime


class Staging(Protocol):
    """Snapshots of the source, staged page by page."""

    def begin(self, run_id: str, identity: SourceIdentity | None = None) -> str:
        """Open a snapshot and return its id. Copies the version of every account: those are the walk versions.

        Without an identity nobody can take the snapshot up later.
        """

    def resume(self, run_id: str, identity: SourceIdentity, max_age: timedelta) -> Resumed | None:
        """Let the run take up the youngest unsealed snapshot whose own run has ended, or return None.

        It was begun with the same identity, no longer than `max_age` ago by the database's clock, and its last page
        came with a cursor. Its walk versions stay those from before its first page.
        """

    def add_page(self, snapshot_id: str, page: AssignmentPage) -> None:
        """Stage one page with its cursor. Raises `SnapshotRefusedError` when an Okta user id was staged before."""

    def seal(self, snapshot_id: str, identity: SourceIdentity) -> Manifest:
        """Close the snapshot for good and return its manifest; from now on it may be compared.

        Brings the absences up to date: an account that no row belongs to has been missing in one more sealed
        snapshot, one that is listed again no longer is. Raises `SnapshotRefusedError` when it holds no page, or was
        begun with another identity.
        """

    def void(self, snapshot_id: str, reason: str) -> None:
        """Mark an unsealed snapshot as useless and drop its rows."""

    def last_sealed(self) -> Manifest | None:
        """Return the manifest of the youngest sealed snapshot of this application, or None."""

    def compare(self, snapshot_id: str, most: int | None = None) -> Comparison:
        """Hold the snapshot against the accounts. Raises `SnapshotRefusedError` when it is not sealed.

        With `most`, at most so many subjects are in the comparison, and the others are counted: first come active
        accounts of origin scim without an assignment, then assignments, then active accounts of another origin.
        """


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to reconcile one application. `token` grows with each holder and fences effects."""

    app: str
    holder: str
    token: int


class OutcomeKind(StrEnum):
    """How an item of a plan ended."""

    DONE = "done"
    SKIPPED = "skipped"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the ledger, for people: `state` is running, ended or failed; `counts` are situations or outcomes."""

    run_id: str
    kind: str
    state: str
    started: datetime
    ended: datetime | None
    exit_code: int | None
    plan_digest: str | None
    counts: Mapping[str, int] = field(default_factory=dict)


class Runs(Protocol):
    """The reconciler's ledger: intention before effect, outcome with the effect."""

    def begin(self, kind: str, lease: Lease | None) -> str:
        """Write that a run of that kind ("drift-report", "dry-run", "apply") began, and return its id."""

    def save_plan(self, run_id: str, digest: str, items: Sequence[Mapping[str, Any]], verdict: str) -> None:
        """Keep the plan, item by item in order, with the verdict of the guard. Items are JSON objects."""

    def intend(self, run_id: str, position: int) -> None:
        """Write that item `position` (from 0) is about to be carried out."""

    def conclude(self, run_id: str, position: int, outcome: OutcomeKind, reason: str) -> None:
        """Write how the item ended. Raises ValueError when it has ended already."""

    def end(self, run_id: str, exit_code: int, counts: Mapping[str, int]) -> None:
        """Write that the run ended and what it found."""

    def latest(self, limit: int = 10) -> tuple[RunRecord, ...]:
        """Return the youngest runs first."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry of the audit trail. `detail` is JSON; `subject_id` a SCIM id, or None where no resource is meant."""

    at: datetime
    action: str
    actor: str
    subject_id: str | None
    subject_name: str | None
    run_id: str | None
    request_id: str | None
    detail: Mapping[str, Any]


class UnitOfWork(Protocol):
    """One transaction on one application's rows: commits when its block ends, rolls back on any exception."""

    @property
    def resources(self) -> ResourceStore:
        """The application's users and groups. Its writes go through `record`."""

    @property
    def staging(self) -> Staging:
        """The application's snapshots."""

    @property
    def runs(self) -> Runs:
        """The application's ledger of runs."""

    def record(self, change: Change) -> StoredResource | None:
        """Write the resource, its membership rows, the audit event and the outbox message: the one door for writes.

        Returns the resource as it is now, without members, or None after a deletion. A change that changes nothing
        writes nothing. Raises as `ResourceStore.create`, `update` and `delete` do.
        """

    def note(self, action: Action, detail: Mapping[str, Any]) -> None:
        """Write an audit event that is about no single resource."""

    def account(self, account_id: str) -> tuple[Account, StoredResource] | None:
        """Return the account and its resource as they are now, held until this unit of work ends; None when gone."""

    def find_accounts(self, key: str) -> tuple[Account, ...]:
        """Return the accounts whose id, externalId, folded userName or work e-mail is `key`, by id; at most 10."""

    def acquire_lease(self, holder: str, lasting: timedelta) -> Lease:
        """Take the application's lease and a new fencing token. Raises `LeaseHeldError` while another one lasts."""

    def hold_lease(self, lease: Lease, lasting: timedelta) -> None:
        """Lock the lease row, compare the token, extend it from now. Raises `LeaseLostError` when it was taken over."""

    def release_lease(self, lease: Lease) -> None:
        """Give the lease back; nothing happens when it was taken over."""

    def audit_trail(
        self, *, subject_id: str | None = None, run_id: str | None = None, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """Return the youngest audit events first, of one subject or one run where given."""

    def count_audit_events(self) -> int:
        """Return how many audit events this application has."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token lets its bearer do: its scopes, None for all, and the SCIM id of the user that /Me is, if any."""

    scopes: frozenset[str] | None = None
    user_id: str | None = None


EVERYTHING = Grant()


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A bearer token as the store knows it: never the token, only its SHA-256."""

    app: str
    token_id: str
    label: str
    digest: bytes
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None
    grant: Grant = EVERYTHING


class TokenStore(Protocol):
    """Where tokens are looked up. At most two of an application live at once, so that one can be exchanged."""

    def find_token(self, digest: bytes) -> TokenRecord | None:
        """Return the token with that SHA-256, expired and revoked ones included, or None."""


class Database(Protocol):
    """Where the rows are. Opens units of work; nothing else does."""

    def transaction(self, app: str, cause: Cause) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that may write. Every change in it is attributed to `cause`.

        Raises KeyError when there is no such application.
        """

    def reading(self, app: str) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that sees one state of the database and may not write."""

    def asking(self, app: str) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work for questions: each sees one state of the database, two may see two. It may not write.

        For one question it costs less than `reading`.
        """
