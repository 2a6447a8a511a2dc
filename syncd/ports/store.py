"""Where the rows are: units of work, and tokens."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from scim.resource import StoredResource
from scim.store import ResourceStore
from syncd.core.changes import Action, Cause, Change
from syncd.core.checkpoints import Checkpoint
from syncd.core.subjects import Account
from syncd.notifying import Notices
from syncd.ports.decisions import Decisions
from syncd.ports.events import Hints
from syncd.ports.evidence import AuditEvent, Evidence
from syncd.ports.groups import Groups
from syncd.ports.ledger import Lease, Runs
from syncd.ports.reviews import Reviews
from syncd.ports.snapshots import Staging


class UnitOfWork(Protocol):
    """One transaction on one application's rows: commits when its block ends, rolls back on any exception."""

    @property
    def resources(self) -> ResourceStore:
        """The application's users and groups. Its writes go through `record`."""

    @property
    def staging(self) -> Staging:
        """The application's snapshots."""

    @property
    def groups(self) -> Groups:
        """The application's groups, as the reconciler sees them."""

    @property
    def runs(self) -> Runs:
        """The application's ledger of runs."""

    @property
    def decisions(self) -> Decisions:
        """What people decided about the application's accounts and plans."""

    @property
    def reviews(self) -> Reviews:
        """The application's access reviews."""

    @property
    def evidence(self) -> Evidence:
        """What the audit log says about the application's accounts, and what may be removed of it."""

    @property
    def hints(self) -> Hints:
        """Whom to look at again, and how far Okta's System Log was read."""

    @property
    def notices(self) -> Notices:
        """What has to be told of the application, and the messages about it."""

    def record(self, change: Change) -> StoredResource | None:
        """Write the resource, its membership rows, the audit event and the outbox message: the one door for writes.

        Returns the resource as it is now, without members, or None after a deletion. A change that changes nothing
        writes none of them; that a push did so is noted while a run goes on, for `is_confirmed`. Raises as
        `ResourceStore.create`, `update` and `delete` do.
        """

    def note(self, action: Action, detail: Mapping[str, Any]) -> None:
        """Write an audit event that is about no single resource."""

    def account(self, account_id: str) -> tuple[Account, StoredResource] | None:
        """Return the account and its resource as they are now, held until this unit of work ends; None when gone.

        The account has its marks, and never says whether it is an administrator's: see `admins`.
        """

    def is_confirmed(self, resource_type: str, resource_id: str) -> bool:
        """Return whether a push was acknowledged that left the resource as it is, since the last run began.

        Such a push moves no version. Those count that arrive while a run goes on, or after it died and before another
        one begins. Ask it of a resource that is held: then no such push is acknowledged before this unit of work ends.
        """

    def unsealed(self) -> timedelta | None:
        """Return how long the oldest event that waits for the audit log has waited, by the clock that events have.

        None where none waits, where nothing was ever signed (nobody seals that log), and where this unit of work was
        opened for reading: it has no clock.
        """

    def admins(self, groups: Collection[str]) -> frozenset[str]:
        """Return the ids of the active accounts that are members of these groups themselves.

        Groups are SCIM ids or folded names; one that does not exist has no members. Where the unit of work may write,
        none of these accounts is closed by anybody else before it ends.
        """

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

    def newest_checkpoint(self) -> Checkpoint | None:
        """Return the head of the tamper-evident log that the application's audit events are in, or None without one."""


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
