"""How much a situation matters to whoever answers for access: what a reader looks at first."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from syncd.core.situations import Situation


class Severity(StrEnum):
    """How much a situation matters, the worst first.

    CRITICAL: access that nobody may have, with power over others or past every rule. HIGH: access without entitlement,
    or an account of which nobody can say whose it is. MEDIUM: it may become one of these, or nothing is known. LOW:
    somebody lacks access, or what is written about them is old. INFO: as it should be.
    """

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


SEVERITIES: Final[Mapping[Situation, Severity]] = {
    Situation.PROTECTED_DRIFT: Severity.CRITICAL,
    Situation.ZOMBIE_DEPROVISIONED: Severity.HIGH,
    Situation.ORPHAN_UNASSIGNED: Severity.HIGH,
    Situation.ORPHAN_GONE: Severity.HIGH,
    Situation.ACCESS_REJECTED: Severity.HIGH,
    Situation.DISPUTED: Severity.HIGH,
    Situation.DUPLICATE_SOURCE: Severity.HIGH,
    Situation.MEMBER_EXTRA: Severity.HIGH,
    Situation.FLAPPING: Severity.HIGH,
    Situation.ZOMBIE_SUSPENDED: Severity.MEDIUM,
    Situation.UNLINKED: Severity.MEDIUM,
    Situation.RECYCLED_NAME: Severity.MEDIUM,
    Situation.STALE_EXTERNAL_ID: Severity.MEDIUM,
    Situation.SOURCE_SYNC_ERROR: Severity.MEDIUM,
    Situation.GROUP_ORPHAN: Severity.MEDIUM,
    Situation.GROUP_CLASH: Severity.MEDIUM,
    Situation.REJECTED_ASSIGNED: Severity.MEDIUM,
    Situation.UNKNOWN: Severity.MEDIUM,
    Situation.GHOST: Severity.LOW,
    Situation.LAPSED: Severity.LOW,
    Situation.RESURRECTED: Severity.LOW,
    Situation.RENAMED: Severity.LOW,
    Situation.ATTRIBUTE_MISMATCH: Severity.LOW,
    Situation.GROUP_MISSING: Severity.LOW,
    Situation.GROUP_RENAMED: Severity.LOW,
    Situation.MEMBER_MISSING: Severity.LOW,
    Situation.IN_SYNC: Severity.INFO,
    Situation.UNMANAGED: Severity.INFO,
    Situation.MISSING_EXTERNAL_ID: Severity.INFO,
    Situation.MEMBER_INACTIVE: Severity.INFO,
    Situation.OUT_OF_SCOPE: Severity.INFO,
    Situation.WITHIN_GRACE: Severity.INFO,
}
"""The severity of each situation, on an account without power over others."""


def severity_of(situation: Situation, *, privileged: bool = False) -> Severity:
    """Return how much a situation matters; what is high is critical on a privileged account."""
    severity = SEVERITIES[situation]
    return Severity.CRITICAL if privileged and severity is Severity.HIGH else severity
