"""What the operator allows the reconciler to do to one application."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from scim.resource import fold
from syncd.core.situations import (
    DECIDED_HERE,
    DEFAULT_MODES,
    GRANTS,
    REVOKES,
    TAXONOMY,
    Confirm,
    Effect,
    Mode,
    Situation,
)
from syncd.core.subjects import Account, MarkKind


@dataclass(frozen=True, slots=True)
class Rule:
    """What an operator set for one situation beside its mode. None means the default.

    `confirm` is what has to bear the effect out, `grace` how long something has to last before it counts (see
    `Policy.grace`), `max_count` and `max_percent` what one plan may do because of this situation alone.
    """

    confirm: Confirm | None = None
    grace: timedelta | None = None
    max_count: int | None = None
    max_percent: float | None = None


NO_RULE = Rule()


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decide what a run may do. The defaults are those of the configuration.

    `protected` holds folded user names, SCIM ids and Okta user ids. `max_percent` is of the active managed accounts
    and counts from `small_population` accounts on; below, the count alone decides. `budget_day` and `budget_week` bound
    the deactivations of all runs in the last 24 hours and 7 days, `budget_members_day` and `budget_members_week` the
    members that they take out of groups, whichever these are. `admin_groups` are SCIM ids or folded names of the
    groups that administer the application, of which `min_admins` active members have to stay. `group_max_percent` is of
    a group's members and counts from `group_min_members` on. `lookup_limit` bounds the point lookups of one run; what
    is not looked up stays unknown. `min_listing_percent` is of the last sealed snapshot's rows; `sentinels` are folded
    user names or Okta user ids that every listing has to hold. `flapping` is how many switches in 7 days are too many.
    `groups` tells whether pushed groups are looked at as well.
    """

    modes: Mapping[Situation, Mode] = field(default_factory=lambda: dict(DEFAULT_MODES))
    rules: Mapping[Situation, Rule] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    max_deactivations: int = 20
    max_percent: float = 5.0
    small_population: int = 100
    budget_day: int = 40
    budget_week: int = 100
    budget_members_day: int = 200
    budget_members_week: int = 500
    admin_groups: frozenset[str] = frozenset()
    min_admins: int = 1
    group_max_percent: float = 25.0
    group_min_members: int = 20
    absence_grace: timedelta = timedelta(hours=24)
    lookup_limit: int = 200
    min_listing_percent: float = 80.0
    sentinels: frozenset[str] = frozenset()
    flapping: int = 3
    groups: bool = False

    def mode(self, situation: Situation) -> Mode:
        """Return the mode of a situation; one that nobody configured is only reported."""
        return self.modes.get(situation, Mode.REPORT)

    def confirm(self, situation: Situation) -> Confirm:
        """Return what has to bear out the effect of a situation.

        Nobody loses or gets access without a question about them: there, a weaker setting counts as `point`. What was
        decided here needs none, whatever is set.
        """
        if situation in DECIDED_HERE:
            return Confirm.NONE
        kind = TAXONOMY[situation]
        chosen = self.rules.get(situation, NO_RULE).confirm or kind.confirm
        if kind.effect in GRANTS | REVOKES:
            return {Confirm.NONE: Confirm.POINT, Confirm.TWO_SNAPSHOT: Confirm.BOTH}.get(chosen, chosen)
        return chosen

    def grace(self, situation: Situation) -> timedelta:
        """Return how long a situation has to last before it counts.

        Where a push may be on its way (`Kind.grace`), how long it is no drift; elsewhere how long somebody has to be
        missing where only one snapshot misses them.
        """
        chosen = self.rules.get(situation, NO_RULE).grace
        usual = TAXONOMY[situation].grace
        return chosen if chosen is not None else self.absence_grace if usual is None else usual

    def budget(self, effect: Effect) -> tuple[int, int]:
        """Return how many effects of that kind all runs may have in 24 hours, and in 7 days.

        Raises KeyError for one that takes no access away.
        """
        return {
            Effect.DEACTIVATE: (self.budget_day, self.budget_week),
            Effect.REMOVE_MEMBER: (self.budget_members_day, self.budget_members_week),
        }[effect]

    def protects(self, account: Account) -> bool:
        """Return whether the account is marked as protected, or named as such by any of its identifiers."""
        names = {fold(account.user_name), account.id, account.external_id}
        marked = account.protected or MarkKind.PROTECTED in account.marks
        return marked or not self.protected.isdisjoint(names - {None})

    def digest(self) -> str:
        """Return 16 hex digits that are equal exactly when two policies are."""
        return hashlib.sha256(json.dumps(self._as_json(), sort_keys=True).encode()).hexdigest()[:16]

    def _as_json(self) -> dict[str, Any]:
        return {
            "modes": {situation.value: self.mode(situation).value for situation in Situation},
            "confirm": {situation.value: self.confirm(situation).value for situation in Situation},
            "graces": {situation.value: self.grace(situation).total_seconds() for situation in Situation},
            "rules": {situation.value: [rule.max_count, rule.max_percent] for situation, rule in self.rules.items()},
            "sets": [sorted(each) for each in (self.protected, self.admin_groups, self.sentinels)],
            "limits": [self.max_deactivations, self.max_percent, self.small_population, self.lookup_limit],
            "budget": [self.budget(effect) for effect in sorted(REVOKES)],
            "groups": [self.min_admins, self.group_max_percent, self.group_min_members, self.groups],
            "listing": self.min_listing_percent,
            "flapping": self.flapping,
        }


def in_words(span: timedelta) -> str:
    """Return a span of time for people, whole and rounded down: "30 minutes", "24 hours"."""
    hours = span // timedelta(hours=1)
    return f"{hours} hours" if hours >= 2 else f"{span // timedelta(minutes=1)} minutes"  # noqa: PLR2004
