"""What follows from a rejection in an access review: the account is to be closed, and nothing opens it again.

A rejection is the word of a person, so Okta is not asked to bear it out: it says, rightly, that the person is assigned.
It stands until a later decision about the account.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.classification import Door, Finding, covered
from syncd.core.policy import Policy
from syncd.core.situations import Mode, Situation
from syncd.core.subjects import Account, Origin


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejection in force.

    `okta_user_id` is the person that the account belonged to when it was reviewed, None where nobody knew. `is_gone`
    tells that the account is no longer there: then whatever account the person gets instead is rejected.
    """

    account_id: str
    okta_user_id: str | None
    review_id: str
    reviewer: str
    reason: str
    at: datetime
    is_gone: bool = False

    def __str__(self) -> str:
        return f"access review {self.review_id}, rejected by {self.reviewer}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Rejections:
    """The rejections in force of one application, at most one of an account."""

    of_accounts: dict[str, Rejection] = field(default_factory=dict)
    of_people: dict[str, Rejection] = field(default_factory=dict)

    @classmethod
    def among(cls, rejections: Iterable[Rejection]) -> "Rejections":
        """Return the rejections, ready to be looked up."""
        listed = tuple(rejections)
        people = {one.okta_user_id: one for one in listed if one.is_gone and one.okta_user_id}
        return cls({one.account_id: one for one in listed}, people)

    @property
    def keys(self) -> frozenset[str]:
        """The SCIM ids and the Okta user ids by which what is rejected is found in a snapshot."""
        return frozenset(self.of_accounts) | frozenset(self.of_people)

    def of(self, account: Account) -> Rejection | None:
        """Return the rejection of an account, or None.

        One that has passed to another person since is not rejected.
        """
        found = self.of_accounts.get(account.id)
        if found and None not in (account.external_id, found.okta_user_id):
            found = found if found.okta_user_id == account.external_id else None
        return found or self.of_people.get(account.external_id or "")

    def of_person(self, okta_user_id: str) -> Rejection | None:
        """Return the rejection of a person without an account, or None."""
        return self.of_people.get(okta_user_id)


BECOMES: Final = {
    Situation.IN_SYNC: Situation.ACCESS_REJECTED,
    Situation.MISSING_EXTERNAL_ID: Situation.ACCESS_REJECTED,
    Situation.RENAMED: Situation.ACCESS_REJECTED,
    Situation.ATTRIBUTE_MISMATCH: Situation.ACCESS_REJECTED,
    Situation.STALE_EXTERNAL_ID: Situation.ACCESS_REJECTED,
    Situation.SOURCE_SYNC_ERROR: Situation.ACCESS_REJECTED,
    Situation.ZOMBIE_SUSPENDED: Situation.ACCESS_REJECTED,
    Situation.UNLINKED: Situation.ACCESS_REJECTED,
    Situation.UNMANAGED: Situation.ACCESS_REJECTED,
    Situation.UNKNOWN: Situation.ACCESS_REJECTED,
    # Closed for a reason that needs no approval, where the policy does so.
    Situation.ZOMBIE_DEPROVISIONED: Situation.ZOMBIE_DEPROVISIONED,
    Situation.ORPHAN_UNASSIGNED: Situation.ORPHAN_UNASSIGNED,
    Situation.ORPHAN_GONE: Situation.ORPHAN_GONE,
    # Frozen: whose account it is has to be settled first.
    Situation.DISPUTED: Situation.DISPUTED,
    Situation.DUPLICATE_SOURCE: Situation.DUPLICATE_SOURCE,
    Situation.RECYCLED_NAME: Situation.RECYCLED_NAME,
    # Done here, and Okta would have it open.
    Situation.LAPSED: Situation.REJECTED_ASSIGNED,
    Situation.GHOST: Situation.REJECTED_ASSIGNED,
    Situation.RESURRECTED: Situation.REJECTED_ASSIGNED,
}
"""What a rejected subject becomes, for every situation that a subject is classified in."""

_CLOSED: Final = frozenset({Situation.REJECTED_ASSIGNED})
_CLOSES: Final = frozenset({Situation.ZOMBIE_DEPROVISIONED, Situation.ORPHAN_UNASSIGNED, Situation.ORPHAN_GONE})


def reject(findings: Iterable[Finding], rejections: Rejections, policy: Policy) -> tuple[Finding, ...]:
    """Return the findings, those of rejected accounts in the situation that follows from it."""
    return tuple(_rejected(finding, rejections, policy) for finding in findings)


def _rejected(finding: Finding, rejections: Rejections, policy: Policy) -> Finding:
    rejection = _rejection_of(finding, rejections)
    if rejection is None:
        return finding
    situation = _becomes(finding.base, policy)
    is_open = finding.account is not None and finding.account.active
    if situation is finding.base or (not is_open and situation not in _CLOSED):
        return finding
    protects: Callable[[Account], bool] = policy.protects
    told, reason = covered(situation, str(rejection), finding.account, protects)
    return replace(finding, situation=told, reason=reason, base=situation, differences={})


def _becomes(base: Situation, policy: Policy) -> Situation:
    if base in _CLOSES and policy.mode(base) not in {Mode.AUTO, Mode.PROPOSE}:
        return Situation.ACCESS_REJECTED
    return BECOMES[base]


def _rejection_of(finding: Finding, rejections: Rejections) -> Rejection | None:
    if finding.account is not None:
        return rejections.of(finding.account)
    assignment = finding.subject.assignment
    return rejections.of_person(assignment.okta_user_id) if assignment else None


# ------------------------------------------------------------------ what became of it


@dataclass(frozen=True, slots=True)
class Closed:
    """What closed an account: when, who, and in which run of the reconciler, None where it was no run."""

    at: datetime
    actor: str
    run_id: str | None


@dataclass(frozen=True, slots=True)
class Planned:
    """The youngest deactivation that a run planned: in which plan, how it ended (None where it did not), and why."""

    run_id: str
    digest: str | None
    outcome: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Remediation:
    """What became of a rejection, as far as is known now.

    `door` is whether the account is open now, NONE when it is gone. `closed` is what closed it after the decision,
    `planned` what the youngest run with a plan for it made of it since, `latest_run` the youngest run over everybody
    since that has ended.
    """

    door: Door
    origin: Origin | None
    closed: Closed | None = None
    planned: Planned | None = None
    latest_run: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether the access is gone now."""
        return self.door is not Door.OPEN

    @property
    def told(self) -> str:
        """When, by whom and in which run access was taken away, or why it was not, in words."""
        if self.is_done:
            return _told_of_closed(self.door, self.closed)
        if self.origin is not Origin.SCIM:
            return f"not done: the account did not come over SCIM (made by: {self.origin}), so close it by hand"
        if self.planned is not None:
            return _told_of_plan(self.planned)
        if self.latest_run is not None:
            return f"not done: run {self.latest_run} planned nothing about it; syncd explain says why"
        return "not done: there was no run since; begin with syncd reconcile"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "done": self.is_done,
            "account": self.door.value,
            "closed": self.closed
            and {"at": timestamp(self.closed.at), "by": self.closed.actor, "run": self.closed.run_id},
            "planned": self.planned
            and {
                "run": self.planned.run_id,
                "plan": self.planned.digest,
                "outcome": self.planned.outcome,
                "reason": self.planned.reason,
            },
            "told": self.told,
        }


def _told_of_closed(door: Door, closed: Closed | None) -> str:
    what = "closed" if door is Door.CLOSED else "gone"
    if closed is None:
        return f"the account is {what}; nothing had to be done"
    run = f", run {closed.run_id}" if closed.run_id else ""
    return f"done: {what} at {closed.at:%Y-%m-%d %H:%M:%S} UTC by {closed.actor}{run}"


def _told_of_plan(planned: Planned) -> str:
    if planned.outcome is None:
        return f"not done: planned by run {planned.run_id}, and the plan {planned.digest} was not carried out"
    if planned.outcome == "done":
        return f"not done: run {planned.run_id} closed it, and it was opened again"
    return f"not done: {planned.outcome} in run {planned.run_id}: {planned.reason}"
