"""Changes to the directory, and the names that the audit trail gives them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from scim.resource import Document, MembershipChange, StoredResource
from syncd.core.subjects import Origin


class Action(StrEnum):
    """What happened, as it stands in the audit trail. The names are stable: reports and exports rely on them."""

    ACCOUNT_CREATED = "account:created"
    ACCOUNT_UPDATED = "account:updated"
    ACCOUNT_DEACTIVATED = "account:deactivated"
    ACCOUNT_REACTIVATED = "account:reactivated"
    ACCOUNT_DELETED = "account:deleted"
    GROUP_CREATED = "group:created"
    GROUP_UPDATED = "group:updated"
    GROUP_MEMBERS_CHANGED = "group:members-changed"
    GROUP_DELETED = "group:deleted"
    TOKEN_CREATED = "token:created"
    TOKEN_REVOKED = "token:revoked"
    RUN_STARTED = "run:started"
    RUN_ENDED = "run:ended"
    PLAN_MADE = "plan:made"
    PLAN_BLOCKED = "plan:blocked"
    PLAN_APPROVED = "plan:approved"
    PLAN_QUARANTINED = "plan:quarantined"
    APPROVAL_USED = "approval:used"
    QUARANTINE_ENDED = "quarantine:ended"
    RUN_RESUMED = "run:resumed"
    RUN_OVERRIDDEN = "run:overridden"
    REVOCATION_LATE = "revocation:late"
    ACCOUNT_MARKED = "account:marked"
    ACCOUNT_UNMARKED = "account:unmarked"
    WAIVER_GIVEN = "waiver:given"
    WAIVER_ENDED = "waiver:ended"
    STORM_RELEASED = "storm:released"
    AUDIT_ERASED = "audit:erased"
    REVIEW_OPENED = "review:opened"
    REVIEW_DECIDED = "review:decided"
    REVIEW_CLOSED = "review:closed"
    EVIDENCE_PACKED = "evidence:packed"


TAKES_ACCESS: Final = frozenset({Action.ACCOUNT_DEACTIVATED, Action.ACCOUNT_DELETED})


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what asked for a change: the actor ("token:4f1c...", "reconciler", "operator:root"), and where it is told.

    `request_id` is that of the HTTP request, `run_id` that of the reconciliation, `reason` is for people.
    """

    actor: str
    request_id: str | None = None
    run_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change to one resource: the only thing that the door for writes takes.

    `before` is None for a creation, `after` None for a deletion. `members` is the membership change of a group,
    `origin` who made the account that is created. The store refuses the change when the resource's version is not
    `before.version`. `based_on` is the older version that the client worked from, where its change was merged. `again`
    tells that the client creates an account again: one that is there, or, without `before`, one that was deleted and
    has the same name and externalId, which comes back if it can be found.
    """

    resource_type: str
    before: StoredResource | None
    after: Document | None
    members: MembershipChange = field(default_factory=MembershipChange)
    origin: Origin = Origin.SCIM
    based_on: int | None = None
    again: bool = False


def action_of(change: Change) -> Action:
    """Return the audit name of a change. A switch of `active` outweighs whatever else changed with it."""
    if change.resource_type == "Group":
        return _group_action(change)
    if change.before is None:
        return Action.ACCOUNT_CREATED
    if change.after is None:
        return Action.ACCOUNT_DELETED
    was, now = is_active(change.before.document), is_active(change.after)
    if was == now:
        return Action.ACCOUNT_UPDATED
    return Action.ACCOUNT_REACTIVATED if now else Action.ACCOUNT_DEACTIVATED


def _group_action(change: Change) -> Action:
    if change.before is None:
        return Action.GROUP_CREATED
    if change.after is None:
        return Action.GROUP_DELETED
    return Action.GROUP_MEMBERS_CHANGED if change.members else Action.GROUP_UPDATED


def is_active(document: Document) -> bool:
    """Return whether the account may be used: only when its document says so, as that of a new account does."""
    return document.get("active") is True
