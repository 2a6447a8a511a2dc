"""What follows from the findings: a plan that can be read, kept, compared and approved before anything happens."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from syncd.core.classification import PUSH_FAILED, Finding
from syncd.core.consents import Waiver
from syncd.core.group_matching import GroupFinding
from syncd.core.policy import Policy, in_words
from syncd.core.situations import EFFECTS, GRANTS, NO_DRIFT, Confirm, Effect, Mode, Situation
from syncd.core.subjects import Absence, MarkKind, Origin, Presence

_ORDER: Final = {effect: position for position, effect in enumerate(Effect)}
_PUSH_FAILED: Final[Mapping[Situation, Collection[str]]] = {
    Situation.GHOST: {"ERROR"},
    Situation.SOURCE_SYNC_ERROR: PUSH_FAILED,
}
"""What may end by itself, and the sync states with which it does not. Before its first push a row is OUT_OF_SYNC."""

NEW: Final = frozenset({Effect.CREATE, Effect.RESTORE})
"""Effects for which there is no account yet."""


@dataclass(frozen=True, slots=True)
class Item:
    """One effect on one account.

    `version` is the account's version from before the first page: the effect is void when it has moved; 0 where there
    is no account yet, and `account_id` is empty then. `waits` says why the effect is not due yet, or is None.
    `proposed` tells that it needs the approval of the plan. `changes` is what an update or a creation writes, by
    attribute path. `group_id` is the group that is changed, or whose members are; `version` is the group's then, and
    `okta_group_id` is the group in Okta that it belongs to. `since` is from when on Okta is known not to grant access
    any more: what its System Log says, or else when the first snapshot that misses the person was sealed. `others` are
    the Okta user ids of those who were said to have the account as well, and by Okta's word do not speak against it.
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
    proposed: bool = False
    group_id: str | None = None
    since: datetime | None = None
    okta_group_id: str | None = None
    others: tuple[str, ...] = ()

    def identity(self) -> dict[str, Any]:
        """Return what makes this effect this effect: what the digest of a plan is made of."""
        return {
            "effect": self.effect.value,
            "situation": self.situation.value,
            "account": self.account_id,
            "version": self.version,
            "changes": dict(sorted(self.changes.items())),
            "for": self.okta_user_id if self.effect in GRANTS else None,
            "group": self.group_id,
            "oktaGroup": self.okta_group_id,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the item as the ledger keeps it and reports print it."""
        return {
            **self.identity(),
            "userName": self.user_name,
            "oktaUserId": self.okta_user_id,
            "reason": self.reason,
            "waits": self.waits,
            "proposed": self.proposed,
            "since": self.since.isoformat() if self.since else None,
            "others": list(self.others),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Item":
        """Return the item that `as_json` told. Raises KeyError and ValueError for anything else."""
        return cls(
            effect=Effect(told["effect"]),
            situation=Situation(told["situation"]),
            account_id=told["account"],
            user_name=told["userName"],
            okta_user_id=told["oktaUserId"],
            version=told["version"],
            reason=told["reason"],
            waits=told["waits"],
            changes=told["changes"],
            proposed=told["proposed"],
            group_id=told["group"],
            since=datetime.fromisoformat(told["since"]) if told["since"] else None,
            okta_group_id=told.get("oktaGroup"),
            others=tuple(told.get("others", ())),
        )


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

    def unasked(self, effect: Effect) -> int:
        """Return how many items of that effect do not wait for an approval."""
        return sum(item.effect is effect and not item.proposed for item in self.items)

    @property
    def proposals(self) -> int:
        """How many items need the approval of the plan."""
        return sum(item.proposed for item in self.items)


def make_plan(app: str, findings: Iterable[Finding], policy: Policy, admins: int | None = None) -> Plan:
    """Return the plan for these findings: the same bytes for the same findings in any order (invariant I17).

    `admins` is how many active administrators there are, None where the policy names no group of them. Of whom one may
    go, that is first who goes without an approval: what is proposed may never be approved.
    """
    items: list[Item] = []
    deferred: list[Deferred] = []
    for finding in sorted(findings, key=partial(_order_of_finding, policy)):
        effect = repair_of(finding, policy)
        if effect is None:
            continue
        obstacle = _obstacle(finding, effect)
        if obstacle is None and _takes_an_admin(finding, effect):
            obstacle, admins = one_admin_less(admins, policy)
        if obstacle is None:
            items.append(_item(finding, effect, policy))
        else:
            deferred.append(_deferred(finding, obstacle))
    items.sort(key=order_of_item)
    return Plan(tuple(items), tuple(deferred), plan_digest(app, items, policy))


AnyFinding = TypeVar("AnyFinding", Finding, GroupFinding)


def repair_of(finding: Finding | GroupFinding, policy: Policy) -> Effect | None:
    """Return the effect that a plan has because of a finding, or None where it has none."""
    planned = policy.mode(finding.situation) in {Mode.AUTO, Mode.PROPOSE} and finding.waiver is None
    return EFFECTS.get(finding.situation) if planned else None


def one_admin_less(admins: int | None, policy: Policy) -> tuple[str | None, int]:
    """Return why there may not be one administrator less, or None, and how many there would be."""
    left = (admins or 0) - 1
    return ("it would leave too few administrators" if left < policy.min_admins else None), left


def accept(
    findings: Iterable[AnyFinding], waivers: Mapping[str, tuple[Waiver, ...]], now: datetime
) -> tuple[AnyFinding, ...]:
    """Return the findings, each with the waiver that accepts it at that moment, if any does."""
    return tuple(_accepted(finding, waivers, now) for finding in findings)


def freeze_flapping(findings: Iterable[Finding], switches: Mapping[str, int], policy: Policy) -> tuple[Finding, ...]:
    """Return the findings, those in FLAPPING whose account was opened and closed too often (situation D27).

    `switches` is how often `active` of an account changed in the last 7 days, by account id.
    """
    return tuple(
        replace(
            finding,
            situation=Situation.FLAPPING,
            reason=f"opened or closed {switches[finding.account.id]} times in 7 days; would be {finding.situation}",
        )
        if finding.account
        and EFFECTS.get(finding.situation) in {Effect.DEACTIVATE, Effect.REACTIVATE}
        and switches.get(finding.account.id, 0) >= policy.flapping
        else finding
        for finding in findings
    )


def grant_grace(findings: Iterable[Finding], policy: Policy) -> tuple[Finding, ...]:
    """Return the findings, those in WITHIN_GRACE that a push may still end by itself (situations D02 and D19).

    It is granted by the age of the assignment alone, which Okta tells by its own clock. Of unknown age, or where Okta
    says that the push failed, there is nothing to wait for.
    """
    return tuple(_excused(finding, policy) for finding in findings)


def keeps_to_windows(item: Item) -> bool:
    """Return whether the effect waits for the end of a maintenance window: a person whom Okta deactivated does not."""
    return item.situation is not Situation.ZOMBIE_DEPROVISIONED or item.effect is not Effect.DEACTIVATE


def plan_digest(app: str, items: Iterable[Item], policy: Policy) -> str:
    """Return 32 hex digits that name the effects, the application and the policy, and nothing that a rerun changes."""
    told = {"app": app, "policy": policy.digest(), "items": [item.identity() for item in items]}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def order_of_item(item: Item) -> tuple[int, str, str, str]:
    """Return what items are ordered by: what takes access away first, then by whom it is about."""
    return _ORDER[item.effect], item.group_id or "", item.account_id, item.okta_user_id or ""


def _order_of_finding(policy: Policy, finding: Finding) -> tuple[bool, str, str]:
    assignment = finding.subject.assignment
    is_proposed = policy.mode(finding.situation) is Mode.PROPOSE
    return is_proposed, finding.account.id if finding.account else "", assignment.okta_user_id if assignment else ""


def _accepted(finding: AnyFinding, waivers: Mapping[str, tuple[Waiver, ...]], now: datetime) -> AnyFinding:
    if finding.account is None:
        return finding
    covering = (one for one in waivers.get(finding.account.id, ()) if one.covers(finding.situation, now))
    waiver = next(covering, None)
    return replace(finding, waiver=waiver.waiver_id) if waiver else finding


def _excused(finding: Finding, policy: Policy) -> Finding:
    assignment, grace = finding.subject.assignment, policy.grace(finding.base)
    failed = _PUSH_FAILED.get(finding.base)
    if failed is None or assignment is None or assignment.sync_state in failed or finding.situation in NO_DRIFT:
        return finding
    if assignment.age is None or assignment.age >= grace:
        return finding
    reason = f"{finding.reason}; so for {in_words(assignment.age)} in Okta, and the grace is {in_words(grace)}"
    return replace(finding, situation=Situation.WITHIN_GRACE, reason=reason)


def _item(finding: Finding, effect: Effect, policy: Policy) -> Item:
    account, assignment = finding.account, finding.subject.assignment
    wanted = {path: value for path, (_, value) in finding.differences.items()}
    return Item(
        effect=effect,
        situation=finding.situation,
        account_id=account.id if account else "",
        user_name=account.user_name if account else (assignment and assignment.user_name) or "",
        okta_user_id=_okta_user_id(finding),
        version=account.version if account else 0,
        reason=finding.reason,
        waits=_waits(finding, policy),
        changes=dict(assignment.attributes) if effect in NEW and assignment else wanted,
        proposed=policy.mode(finding.situation) is Mode.PROPOSE,
        since=_since(finding),
        others=tuple(sorted(finding.subject.claimants)),
    )


def _since(finding: Finding) -> datetime | None:
    subject = finding.subject
    return subject.removed or (subject.absence.since if subject.absence else None)


def _okta_user_id(finding: Finding) -> str | None:
    if finding.subject.assignment:
        return finding.subject.assignment.okta_user_id
    return finding.account.external_id if finding.account else None


def _deferred(finding: Finding, obstacle: str) -> Deferred:
    account, assignment = finding.account, finding.subject.assignment
    name = account.user_name if account else (assignment and assignment.user_name) or ""
    return Deferred(account.id if account else "", name, finding.situation, obstacle)


def _takes_an_admin(finding: Finding, effect: Effect) -> bool:
    return effect is Effect.DEACTIVATE and finding.account is not None and finding.account.is_admin


def _obstacle(finding: Finding, effect: Effect) -> str | None:
    account = finding.account
    if account is None:
        return None if effect in NEW else "there is no account"
    if account.origin is not Origin.SCIM and effect is not Effect.LINK:
        return f"it did not come over SCIM (made by: {account.origin})"
    if account.walk_version != account.version:
        return "it changed while the listing was read"
    if MarkKind.HOLD in account.marks:
        return "it is on hold"
    if effect is Effect.LINK and (account.is_admin or MarkKind.CORRELATE_LATER in account.marks):
        return "an administrator's account is not linked by a plan" if account.is_admin else "marked: correlate later"
    return None


def _waits(finding: Finding, policy: Policy) -> str | None:
    """Return why an effect that rests on absence is not due yet (invariant I13), or None.

    A status or a removal that Okta states is positive evidence and acts at once. A row that is merely missing has to be
    missing in two sealed snapshots in a row, or for the length of the grace.
    """
    subject = finding.subject
    if subject.assignment is not None or (subject.lookup and subject.lookup.presence is Presence.DEPROVISIONED):
        return None
    if subject.removed is not None:
        return None
    if policy.confirm(finding.situation) not in {Confirm.TWO_SNAPSHOT, Confirm.BOTH}:
        return None
    if subject.absence is not None and _established(subject.absence, finding.situation, policy):
        return None
    return "seen missing once; a second sealed snapshot, or the grace, has to confirm it"


def _established(absence: Absence, situation: Situation, policy: Policy) -> bool:
    return absence.snapshots > 1 or absence.elapsed >= policy.grace(situation)
