"""One transaction on one application's rows, as `syncd.ports.UnitOfWork` asks for it."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from scim.resource import StoredResource
from syncd.core.changes import Action, Change
from syncd.core.checkpoints import Checkpoint
from syncd.core.notes import Note
from syncd.core.subjects import Account
from syncd.ports import AuditEvent, Lease
from syncd.store import accounts, audit, confirmations, deletion, leases, recording
from syncd.store.arrival import admit
from syncd.store.audit_log import SqlLogReader
from syncd.store.decisions import SqlDecisions
from syncd.store.directory import Directory
from syncd.store.evidence import SqlEvidence
from syncd.store.groups import SqlGroups
from syncd.store.hints import SqlHints
from syncd.store.moments import moment_of
from syncd.store.notices import SqlNotices
from syncd.store.reviews import SqlReviews
from syncd.store.runs import SqlRuns
from syncd.store.scope import Scope
from syncd.store.staging import SqlStaging


class SqlUnitOfWork:
    """A unit of work; see `syncd.ports.UnitOfWork`. The database opens it, commits it and rolls it back."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.resources = Directory(scope, self.record)
        self.staging = SqlStaging(scope)
        self.groups = SqlGroups(scope)
        self.runs = SqlRuns(scope)
        self.decisions = SqlDecisions(scope)
        self.reviews = SqlReviews(scope)
        self.evidence = SqlEvidence(scope)
        self.hints = SqlHints(scope)
        self.notices = SqlNotices(scope)

    def record(self, change: Change) -> StoredResource | None:
        """Write a change with all that belongs to it: the one door for writes."""
        self._scope.refuse_reading()
        before, after = change.before, change.after
        if before is None:
            return None if after is None else admit(self._scope, recording.create(self._scope, change, after))
        if after is not None:
            return recording.rewrite(self._scope, change, before, after)
        deletion.remove(self._scope, change, before)
        return None

    def note(self, action: Action, detail: Mapping[str, Any]) -> None:
        """Write an audit event that is about no single resource."""
        audit.write_event(self._scope, action, None, detail)

    def account(self, account_id: str) -> tuple[Account, StoredResource] | None:
        """Return the account and its resource as they are now, held until this unit of work ends; None when gone."""
        return accounts.read_account(self._scope, account_id)

    def is_confirmed(self, resource_type: str, resource_id: str) -> bool:
        """Return whether a push left the resource as it is since the last run began; see `UnitOfWork.is_confirmed`."""
        return confirmations.is_there(self._scope, resource_type, resource_id)

    def unsealed(self) -> timedelta | None:
        """Return how long the oldest event that waits for the audit log has waited; see `UnitOfWork.unsealed`."""
        reader = SqlLogReader(self._scope.link)
        if self._scope.cause is None or not reader.is_signed():
            return None
        oldest = reader.oldest_waiting()
        return moment_of(self._scope.moment) - oldest if oldest else None

    def admins(self, groups: Collection[str]) -> frozenset[str]:
        """Return the ids of the active accounts in these groups, held until this unit of work ends."""
        return accounts.read_admins(self._scope, groups)

    def find_accounts(self, key: str) -> tuple[Account, ...]:
        """Return the accounts whose id, externalId, folded userName or work e-mail is `key`, by id; at most 10."""
        return accounts.find_accounts(self._scope, key)

    def acquire_lease(self, holder: str, lasting: timedelta) -> Lease:
        """Take the application's lease and a new fencing token. Raises `LeaseHeldError` while another one lasts."""
        return leases.acquire(self._scope, holder, lasting)

    def hold_lease(self, lease: Lease, lasting: timedelta) -> None:
        """Lock the lease row, compare the token, extend it from now. Raises `LeaseLostError` when it was taken over."""
        leases.hold(self._scope, lease, lasting)

    def release_lease(self, lease: Lease) -> None:
        """Give the lease back; nothing happens when it was taken over."""
        leases.release(self._scope, lease)

    def audit_trail(
        self, *, subject_id: str | None = None, run_id: str | None = None, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """Return the youngest audit events first, of one subject or one run where given."""
        return audit.read_trail(self._scope, subject_id, run_id, limit)

    def count_audit_events(self) -> int:
        """Return how many audit events this application has."""
        return audit.count_events(self._scope)

    def newest_checkpoint(self) -> Checkpoint | None:
        """Return the head of the audit log that was signed last, or None where nothing is signed yet."""
        newest = SqlLogReader(self._scope.link).newest_checkpoint()
        return Checkpoint.of(Note.parse(newest.note)) if newest else None
