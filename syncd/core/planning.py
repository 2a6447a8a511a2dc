"""What follows from the findings: a plan that can be read, kept, compared and approved before anything happens."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.core.classification import Finding
from syncd.core.policy import Policy
from syncd.core.situations import EFFECTS, Effect, Mode, Situation
from syncd.core.subjects import Absence, Account, Origin, Presence


@dataclass(frozen=True, slots=True)
class Item:
    """One effect on one account.

    `version` is the account's version from before the first page: the effect is void when it has moved. `waits` says
    why the effect is not due yet, or is None. `changes` is what an update writes, by attribute path.
    """

    effect: Effect
    situation: Situation
    account_id: str
    user_name: str
    okta_user_id: str | None
    version: int
    reason: str
    waits: str | None = None
    changes: Mapping[str, str] = field(default_factory=dict)

    def identity(self) -> dict[str, Any]:
        """Return what makes this effect this effect: what the digest of a plan is made of."""
        return {
            "effect": self.effect.value,
            "situation": self.situation.value,
            "account": self.account_id,
            "version": self.version,
            "changes": dict(sorted(self.changes.items())),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the item as the ledger keeps it and reports print it."""
        return {
            **self.identity(),
            "userName": self.user_name,
            "oktaUserId": self.okta_user_id,
            "reason": self.reason,
            "waits": self.waits,
        }


@dataclass(frozen=True, slots=True)
class Deferred:
    """A repair that this run may not make, and why."""

    account_id: str
    user_name: str
    situation: Situation
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Effects in the order in which they would be carried out, and the digest that names exactly these effects."""

    items: tuple[Item, ...]
    deferred: tuple[Deferred, ...]
    digest: str

    @property
    def deactivations(self) -> int:
        """How many items take access away."""
        return sum(item.effect is Effect.DEACTIVATE for item in self.items)


def make_plan(app: str, findings: Iterable[Finding], policy: Policy) -> Plan:
    """Return the plan for these findings: the same bytes for the same findings in any order (invariant I17)."""
    items: list[Item] = []
    deferred: list[Deferred] = []
    for finding in findings:
        effect = EFFECTS.get(finding.situation)
        if effect is None or policy.mode(finding.situation) is not Mode.AUTO or finding.account is None:
            continue
        planned = _plan_one(finding, finding.account, effect, policy)
        (items if isinstance(planned, Item) else deferred).append(planned)  # type: ignore[arg-type]  # split by type
    items.sort(key=lambda item: (item.effect, item.account_id))
    deferred.sort(key=lambda one: one.account_id)
    return Plan(tuple(items), tuple(deferred), plan_digest(app, items, policy))


def plan_digest(app: str, items: Iterable[Item], policy: Policy) -> str:
    """Return 32 hex digits that name the effects, the application and the policy, and nothing that a rerun changes."""
    told = {"app": app, "policy": policy.digest(), "items": [item.identity() for item in items]}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def _plan_one(finding: Finding, account: Account, effect: Effect, policy: Policy) -> Item | Deferred:
    obstacle = _obstacle(account)
    if obstacle:
        return Deferred(account.id, account.user_name, finding.situation, obstacle)
    return Item(
        effect=effect,
        situation=finding.situation,
        account_id=account.id,
        user_name=account.user_name,
        okta_user_id=_okta_user_id(finding, account),
        version=account.version,
        reason=finding.reason,
        waits=_waits(finding, policy),
        changes={path: wanted for path, (_, wanted) in finding.differences.items()},
    )


def _obstacle(account: Account) -> str | None:
    if account.origin is not Origin.SCIM:
        return f"it did not come over SCIM (made by: {account.origin})"
    if account.walk_version != account.version:
        return "it changed while the listing was read"
    return None


def _okta_user_id(finding: Finding, account: Account) -> str | None:
    assignment = finding.subject.assignment
    return assignment.okta_user_id if assignment else account.external_id


def _waits(finding: Finding, policy: Policy) -> str | None:
    """Return why an effect that rests on absence is not due yet (invariant I13), or None.

    A status that Okta states is positive evidence and acts at once. A row that is merely missing has to be missing in
    two sealed snapshots in a row, or for the length of the grace.
    """
    lookup, absence = finding.subject.lookup, finding.subject.absence
    if finding.subject.assignment is not None or (lookup and lookup.presence is Presence.DEPROVISIONED):
        return None
    if absence is not None and _established(absence, policy):
        return None
    return "seen missing once; a second sealed snapshot, or the grace, has to confirm it"


def _established(absence: Absence, policy: Policy) -> bool:
    return absence.snapshots > 1 or absence.elapsed >= policy.absence_grace
