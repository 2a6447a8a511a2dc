"""What the operator allows the reconciler to do to one application."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from scim.resource import fold
from syncd.core.situations import DEFAULT_MODES, Mode, Situation
from syncd.core.subjects import Account


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decide what a run may do. The defaults are those of the configuration.

    `protected` holds folded user names, SCIM ids and Okta user ids. `max_percent` is of the active managed accounts
    and counts from `small_population` accounts on; below, the count alone decides. `lookup_limit` bounds the point
    lookups of one run; what is not looked up stays unknown. `min_listing_percent` is of the last sealed snapshot's
    rows.
    """

    modes: Mapping[Situation, Mode] = field(default_factory=lambda: dict(DEFAULT_MODES))
    protected: frozenset[str] = frozenset()
    max_deactivations: int = 20
    max_percent: float = 5.0
    small_population: int = 100
    absence_grace: timedelta = timedelta(hours=24)
    lookup_limit: int = 200
    min_listing_percent: float = 80.0

    def mode(self, situation: Situation) -> Mode:
        """Return the mode of a situation; one that nobody configured is only reported."""
        return self.modes.get(situation, Mode.REPORT)

    def protects(self, account: Account) -> bool:
        """Return whether the account is marked as protected, or named as such by any of its identifiers."""
        names = {fold(account.user_name), account.id, account.external_id}
        return account.protected or not self.protected.isdisjoint(names - {None})

    def digest(self) -> str:
        """Return 16 hex digits that are equal exactly when two policies are."""
        told = {
            "modes": {situation.value: self.mode(situation).value for situation in Situation},
            "protected": sorted(self.protected),
            "limits": [self.max_deactivations, self.max_percent, self.small_population, self.lookup_limit],
            "grace": self.absence_grace.total_seconds(),
            "listing": self.min_listing_percent,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]
