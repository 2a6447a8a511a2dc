"""The situations a subject can be in, and what may follow from each."""

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
    ATTRIBUTE_MISMATCH = "attribute-mismatch"
    LAPSED = "lapsed"
    PROTECTED_DRIFT = "protected-drift"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """What the reconciler does about a situation: nothing, tell, or tell and repair."""

    OFF = "off"
    REPORT = "report"
    AUTO = "auto"


class Effect(StrEnum):
    """What the reconciler can do to an account. There is no delete, and nothing that grants access."""

    DEACTIVATE = "deactivate"
    UPDATE = "update"


EFFECTS: Final = {
    Situation.ZOMBIE_DEPROVISIONED: Effect.DEACTIVATE,
    Situation.ZOMBIE_SUSPENDED: Effect.DEACTIVATE,
    Situation.ORPHAN_UNASSIGNED: Effect.DEACTIVATE,
    Situation.ORPHAN_GONE: Effect.DEACTIVATE,
    Situation.ATTRIBUTE_MISMATCH: Effect.UPDATE,
}
"""Every other situation is only ever reported."""

DEFAULT_MODES: Final = {
    **dict.fromkeys(Situation, Mode.REPORT),
    Situation.ZOMBIE_DEPROVISIONED: Mode.AUTO,
    Situation.ORPHAN_UNASSIGNED: Mode.AUTO,
    Situation.ORPHAN_GONE: Mode.AUTO,
    Situation.ATTRIBUTE_MISMATCH: Mode.AUTO,
}

NO_DRIFT: Final = frozenset({Situation.IN_SYNC, Situation.UNMANAGED})
"""What a clean report may hold: an account that somebody else manages is no drift of ours, and is counted."""

MEANINGS: Final = {
    Situation.IN_SYNC: "both sides agree",
    Situation.GHOST: "assigned in Okta, and no account here",
    Situation.ZOMBIE_DEPROVISIONED: "deactivated in Okta, and the account is open",
    Situation.ZOMBIE_SUSPENDED: "suspended in Okta (it sends nothing then), and the account is open",
    Situation.ORPHAN_UNASSIGNED: "no longer assigned in Okta, and the account is open",
    Situation.ORPHAN_GONE: "deleted in Okta, and the account is open",
    Situation.UNMANAGED: "an account that did not come over SCIM; never touched",
    Situation.UNLINKED: "the names match, and no identifier says that it is the same person",
    Situation.DISPUTED: "identifiers contradict one another; frozen until a person decides",
    Situation.ATTRIBUTE_MISMATCH: "Okta holds other values for the person's attributes",
    Situation.LAPSED: "assigned in Okta, and the account is closed",
    Situation.PROTECTED_DRIFT: "drift on a protected account; never touched, look at it now",
    Situation.UNKNOWN: "Okta's answer was not definitive, so nothing is concluded",
}
