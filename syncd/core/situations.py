"""The situations a subject can be in, and what may follow from each: the taxonomy D01 to D34 as one table."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final


class Situation(StrEnum):
    """What a subject is, seen from both sides. The values are what reports, settings and exit codes name."""

    IN_SYNC = "in-sync"
    GHOST = "ghost"
    ZOMBIE_DEPROVISIONED = "zombie-deprovisioned"
    ZOMBIE_SUSPENDED = "zombie-suspended"
    ORPHAN_UNASSIGNED = "orphan-unassigned"
    ORPHAN_GONE = "orphan-gone"
    UNMANAGED = "unmanaged"
    UNLINKED = "unlinked"
    DISPUTED = "disputed"
    DUPLICATE_SOURCE = "duplicate-source"
    RECYCLED_NAME = "recycled-name"
    RENAMED = "renamed"
    ATTRIBUTE_MISMATCH = "attribute-mismatch"
    LAPSED = "lapsed"
    RESURRECTED = "resurrected"
    STALE_EXTERNAL_ID = "stale-external-id"
    MISSING_EXTERNAL_ID = "missing-external-id"
    SOURCE_SYNC_ERROR = "source-sync-error"
    GROUP_MISSING = "group-missing"
    GROUP_ORPHAN = "group-orphan"
    MEMBER_MISSING = "member-missing"
    MEMBER_EXTRA = "member-extra"
    MEMBER_INACTIVE = "member-inactive"
    GROUP_RENAMED = "group-renamed"
    GROUP_CLASH = "group-clash"
    PROTECTED_DRIFT = "protected-drift"
    FLAPPING = "flapping"
    OUT_OF_SCOPE = "out-of-scope"
    WITHIN_GRACE = "within-grace"
    UNKNOWN = "unknown"
    ACCESS_REJECTED = "access-rejected"
    REJECTED_ASSIGNED = "rejected-assigned"


class Mode(StrEnum):
    """What the reconciler does about a situation: nothing, tell, plan for a person to approve, or repair."""

    OFF = "off"
    REPORT = "report"
    PROPOSE = "propose"
    AUTO = "auto"


class Effect(StrEnum):
    """What the reconciler can do, in the order in which a plan does it: what takes access away first. No delete."""

    DEACTIVATE = "deactivate"
    REMOVE_MEMBER = "remove-member"
    UPDATE = "update"
    RENAME_GROUP = "rename-group"
    LINK = "link"
    REACTIVATE = "reactivate"
    RESTORE = "restore"
    CREATE = "create"
    ADD_MEMBER = "add-member"


GRANTS: Final = frozenset({Effect.LINK, Effect.REACTIVATE, Effect.RESTORE, Effect.CREATE, Effect.ADD_MEMBER})
"""What gives access: never automatic unless somebody asked for it (invariant I14)."""

REVOKES: Final = frozenset({Effect.DEACTIVATE, Effect.REMOVE_MEMBER})
"""What takes access away: what thresholds and budgets count."""


class Confirm(StrEnum):
    """What has to bear out an effect before it happens.

    Nothing; a question about the one subject; absence from two sealed snapshots in a row, or for the length of the
    grace; or both of these.
    """

    NONE = "none"
    POINT = "point"
    TWO_SNAPSHOT = "two-snapshot"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the taxonomy: `mode` and `confirm` are defaults, `effect` is what repairs it, if anything does.

    `grace` is for what a push that is on its way may end by itself: how long, by default, that counts as no drift.
    """

    code: str
    meaning: str
    mode: Mode = Mode.REPORT
    effect: Effect | None = None
    confirm: Confirm = Confirm.NONE
    is_drift: bool = True
    grace: timedelta | None = None


TAXONOMY: Final = {
    Situation.IN_SYNC: Kind("D01", "both sides agree", is_drift=False),
    Situation.GHOST: Kind(
        "D02",
        "assigned in Okta, and no account here",
        effect=Effect.CREATE,
        confirm=Confirm.POINT,
        grace=timedelta(minutes=30),
    ),
    Situation.ZOMBIE_DEPROVISIONED: Kind(
        "D03", "deactivated in Okta, and the account is open", Mode.AUTO, Effect.DEACTIVATE, Confirm.POINT
    ),
    Situation.ZOMBIE_SUSPENDED: Kind(
        "D04",
        "suspended in Okta (it sends nothing then), and the account is open",
        effect=Effect.DEACTIVATE,
        confirm=Confirm.POINT,
    ),
    Situation.ORPHAN_UNASSIGNED: Kind(
        "D05", "no longer assigned in Okta, and the account is open", Mode.AUTO, Effect.DEACTIVATE, Confirm.BOTH
    ),
    Situation.ORPHAN_GONE: Kind(
        "D06", "deleted in Okta, and the account is open", Mode.AUTO, Effect.DEACTIVATE, Confirm.BOTH
    ),
    Situation.UNMANAGED: Kind("D07", "an account that did not come over SCIM; never touched", is_drift=False),
    Situation.UNLINKED: Kind(
        "D08",
        "only the name or the address matches, and no identifier says that it is the same person",
        Mode.PROPOSE,
        Effect.LINK,
        Confirm.POINT,
    ),
    Situation.DISPUTED: Kind("D09", "identifiers contradict one another; frozen until a person decides"),
    Situation.DUPLICATE_SOURCE: Kind("D10", "several people in Okta point to one account; frozen"),
    Situation.RECYCLED_NAME: Kind("D11", "a new person in Okta has the name of a closed account of somebody else"),
    Situation.RENAMED: Kind("D12", "the same person, with another user name in Okta", Mode.AUTO, Effect.UPDATE),
    Situation.ATTRIBUTE_MISMATCH: Kind(
        "D14", "Okta holds other values for the person's attributes", Mode.AUTO, Effect.UPDATE
    ),
    Situation.LAPSED: Kind(
        "D15", "assigned in Okta, and the account is closed", Mode.PROPOSE, Effect.REACTIVATE, Confirm.POINT
    ),
    Situation.RESURRECTED: Kind(
        "D16", "assigned in Okta, and the account was deleted here", Mode.PROPOSE, Effect.RESTORE, Confirm.POINT
    ),
    Situation.STALE_EXTERNAL_ID: Kind(
        "D17", "Okta holds a SCIM id that no account has: its next push will fail with 404"
    ),
    Situation.MISSING_EXTERNAL_ID: Kind("D18", "Okta holds no SCIM id of the account", is_drift=False),
    Situation.SOURCE_SYNC_ERROR: Kind(
        "D19",
        "Okta failed to push this person, or has not for too long; see its Tasks page",
        grace=timedelta(hours=24),
    ),
    Situation.GROUP_MISSING: Kind("D20", "pushed by Okta, and no group here"),
    Situation.GROUP_ORPHAN: Kind("D21", "a group here that Okta does not push; never deleted"),
    Situation.MEMBER_MISSING: Kind(
        "D22", "a member in Okta, and none here", Mode.PROPOSE, Effect.ADD_MEMBER, Confirm.POINT
    ),
    Situation.MEMBER_EXTRA: Kind(
        "D23", "a member here, and none in Okta", Mode.AUTO, Effect.REMOVE_MEMBER, Confirm.POINT
    ),
    Situation.MEMBER_INACTIVE: Kind("D24", "a member whose account is closed", is_drift=False),
    Situation.GROUP_RENAMED: Kind("D25", "the same group, with another name in Okta", Mode.AUTO, Effect.RENAME_GROUP),
    Situation.GROUP_CLASH: Kind("D25b", "several groups claim one another's name or id; frozen"),
    Situation.PROTECTED_DRIFT: Kind("D26", "drift on a protected account; never touched, look at it now"),
    Situation.FLAPPING: Kind("D27", "opened and closed again and again: two writers disagree; frozen"),
    Situation.OUT_OF_SCOPE: Kind("D28", "drift on an account that is marked as exempt", is_drift=False),
    Situation.WITHIN_GRACE: Kind(
        "D02b", "so new in Okta that its push may be on its way; looked at again after the grace", is_drift=False
    ),
    Situation.UNKNOWN: Kind("D32", "Okta's answer was not definitive, so nothing is concluded"),
    Situation.ACCESS_REJECTED: Kind(
        "D33", "rejected in an access review, and the account is open", Mode.PROPOSE, Effect.DEACTIVATE
    ),
    Situation.REJECTED_ASSIGNED: Kind(
        "D34", "rejected in an access review and not open, and Okta still assigns it: take the assignment away there"
    ),
}
"""What a subject can be. Three codes are no situations of a subject: see `ELSEWHERE`."""

ELSEWHERE: Final = {
    "D13": "a difference of case or Unicode form alone is none: both sides are compared folded, and counted with D01",
    "D29": "the source is unhealthy: no snapshot is sealed, the run ends with exit code 3",
    "D30": "the policy, the credential or the filter changed: the guard objects to the first plan",
    "D31": "a revocation came late: an entry of the audit trail beside the effect, not a state",
}
"""The codes of the taxonomy that say something of a run, or of the past."""

EFFECTS: Final = {situation: kind.effect for situation, kind in TAXONOMY.items() if kind.effect is not None}
DEFAULT_MODES: Final = {situation: kind.mode for situation, kind in TAXONOMY.items()}
MEANINGS: Final = {situation: kind.meaning for situation, kind in TAXONOMY.items()}
DECIDED_HERE: Final = frozenset({Situation.ACCESS_REJECTED})
"""What a person decided here: Okta is not asked to bear it out. That the decision stands is asked instead."""
NO_DRIFT: Final = frozenset(situation for situation, kind in TAXONOMY.items() if not kind.is_drift)
"""What a clean report may hold: an account that somebody else manages is no drift of ours, and is counted."""
