"""Which situation each subject is in: the taxonomy as tables.

Three questions, in this order: do the keys link assignment and account, what does Okta grant, is the account open? Any
answer that is not definitive ends in UNKNOWN, and UNKNOWN never has an effect.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from syncd.core.attributes import differences
from syncd.core.situations import NO_DRIFT, Situation
from syncd.core.subjects import Account, Assignment, LinkKey, Lookup, Origin, Presence, Subject


class Grant(StrEnum):
    """What an assignment that Okta lists grants."""

    ENTITLED = "entitled"
    SUSPENDED = "suspended"
    DEPROVISIONED = "deprovisioned"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """A subject with its situation. `reason` is for people; `base` the situation that protection covers, if any.

    `differences` maps the path of a compared attribute to what the account holds and what Okta wants.
    """

    situation: Situation
    subject: Subject
    account: Account | None
    reason: str
    base: Situation
    differences: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)


USER_GRANTS: Final = {
    **dict.fromkeys(
        ("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "PROVISIONED", "STAGED"),
        Grant.ENTITLED,
    ),
    "SUSPENDED": Grant.SUSPENDED,
    "DEPROVISIONED": Grant.DEPROVISIONED,
}
"""Okta's User.status. A temporary state of the credentials takes nobody's account away."""

APP_GRANTS: Final = {
    **dict.fromkeys(("ACTIVE", "PROVISIONED", "STAGED", "PENDING", "APPROVED", "IMPLICIT"), Grant.ENTITLED),
    "SUSPENDED": Grant.SUSPENDED,
    "DEPROVISIONED": Grant.WITHDRAWN,
    "REVOKED": Grant.WITHDRAWN,
    "INACTIVE": Grant.WITHDRAWN,
    "UNASSIGNED": Grant.WITHDRAWN,
}
"""Okta's AppUser.status. IMPORTED and MATCHED belong to an import and say nothing about access: unknown."""

LINKED: Final = {
    (Grant.ENTITLED, True): Situation.IN_SYNC,
    (Grant.ENTITLED, False): Situation.LAPSED,
    (Grant.SUSPENDED, True): Situation.ZOMBIE_SUSPENDED,
    (Grant.SUSPENDED, False): Situation.IN_SYNC,
    (Grant.DEPROVISIONED, True): Situation.ZOMBIE_DEPROVISIONED,
    (Grant.DEPROVISIONED, False): Situation.IN_SYNC,
    (Grant.WITHDRAWN, True): Situation.ORPHAN_UNASSIGNED,
    (Grant.WITHDRAWN, False): Situation.IN_SYNC,
    (Grant.UNKNOWN, True): Situation.UNKNOWN,
    (Grant.UNKNOWN, False): Situation.UNKNOWN,
}
"""An assignment and its account: (grant, account is active) -> situation."""

WITHOUT_ACCOUNT: Final = {
    Grant.ENTITLED: Situation.GHOST,
    Grant.SUSPENDED: Situation.IN_SYNC,
    Grant.DEPROVISIONED: Situation.IN_SYNC,
    Grant.WITHDRAWN: Situation.IN_SYNC,
    Grant.UNKNOWN: Situation.UNKNOWN,
}
"""An assignment nobody here belongs to."""

WITHOUT_ASSIGNMENT: Final = {
    Presence.ASSIGNED: Situation.UNKNOWN,
    Presence.UNASSIGNED: Situation.ORPHAN_UNASSIGNED,
    Presence.DEPROVISIONED: Situation.ZOMBIE_DEPROVISIONED,
    Presence.GONE: Situation.ORPHAN_GONE,
    Presence.UNKNOWN: Situation.UNKNOWN,
}
"""An active account of ours that the listing does not hold, by what its point lookup said."""

REASONS: Final = {
    Presence.ASSIGNED: "the listing does not hold it, and Okta says now that it is assigned: it moved meanwhile",
    Presence.UNASSIGNED: "Okta knows the person and does not assign them",
    Presence.DEPROVISIONED: "Okta has deactivated the person",
    Presence.GONE: "Okta no longer knows the person",
    Presence.UNKNOWN: "Okta gave no definitive answer about the person",
}


def classify(subjects: Iterable[Subject], protects: Callable[[Account], bool]) -> tuple[Finding, ...]:
    """Return one finding for each subject, in the same order.

    `protects` says whether an account may never be touched: drift on such an account becomes PROTECTED_DRIFT.
    """
    listed = tuple(subjects)
    claims = Counter(
        candidate.account.id for subject in listed if subject.assignment for candidate in subject.candidates
    )
    return tuple(_protect(_classify_one(subject, claims), protects) for subject in listed)


def grant_of(assignment: Assignment) -> Grant:
    """Return what an assignment grants. The user's status outweighs the application user's; unknown outweighs both."""
    user = USER_GRANTS.get(assignment.user_status or "", Grant.UNKNOWN)
    app = APP_GRANTS.get(assignment.app_status, Grant.UNKNOWN)
    for grant in (Grant.UNKNOWN, Grant.DEPROVISIONED, Grant.WITHDRAWN, Grant.SUSPENDED):
        if grant in (user, app):
            return grant
    return Grant.ENTITLED


def _classify_one(subject: Subject, claims: Mapping[str, int]) -> Finding:
    if subject.assignment is None:
        return _without_assignment(subject)
    if not subject.candidates:
        grant = grant_of(subject.assignment)
        return _finding(WITHOUT_ACCOUNT[grant], subject, None, f"{_said(subject.assignment)}; no account is linked")
    contradiction = _contradiction(subject, subject.assignment, claims)
    if contradiction:
        return _finding(Situation.DISPUTED, subject, subject.candidates[0].account, contradiction)
    return _linked(subject, subject.assignment)


def _contradiction(subject: Subject, assignment: Assignment, claims: Mapping[str, int]) -> str | None:
    """Return in words how the keys contradict one another, or None (situations D09 and D10)."""
    account = subject.candidates[0].account
    if len(subject.candidates) > 1:
        return "its identifiers point to different accounts: " + ", ".join(
            f"{'+'.join(sorted(candidate.keys))} {candidate.account.id}" for candidate in subject.candidates
        )
    if claims[account.id] > 1:
        return f"several people in Okta point to account {account.id}"
    if account.external_id is not None and account.external_id != assignment.okta_user_id:
        return f"the account carries the Okta user id {account.external_id}, not {assignment.okta_user_id}"
    return None


def _linked(subject: Subject, assignment: Assignment) -> Finding:
    candidate = subject.candidates[0]
    account = candidate.account
    if candidate.keys == {LinkKey.USER_NAME}:
        return _finding(Situation.UNLINKED, subject, account, "only the user name matches")
    grant = grant_of(assignment)
    situation = LINKED[grant, account.active]
    if situation is not Situation.IN_SYNC or not account.active:
        return _finding(situation, subject, account, f"{_said(assignment)}; the account is {_open(account)}")
    found = differences(assignment.attributes, account.attributes)
    if not found:
        return _finding(situation, subject, account, "both sides agree")
    return Finding(
        Situation.ATTRIBUTE_MISMATCH,
        subject,
        account,
        "differs in " + ", ".join(sorted(found)),
        Situation.ATTRIBUTE_MISMATCH,
        found,
    )


def _without_assignment(subject: Subject) -> Finding:
    account = subject.candidates[0].account
    if account.origin is not Origin.SCIM:
        return _finding(Situation.UNMANAGED, subject, account, f"made by: {account.origin}")
    if not account.active:
        return _finding(Situation.IN_SYNC, subject, account, "closed, and nothing is assigned")
    if subject.lookup is None:
        return _finding(Situation.UNKNOWN, subject, account, _why_not_looked_up(account))
    said = subject.lookup
    return _finding(WITHOUT_ASSIGNMENT[said.presence], subject, account, _told(said))


def _why_not_looked_up(account: Account) -> str:
    if account.external_id is None:
        return "not listed, and the account carries no Okta user id that could be asked about"
    return "not listed, and not asked about: more candidates than one run may look up"


def _told(lookup: Lookup) -> str:
    """Return what a lookup means. Okta's own words are added where they say more than the meaning."""
    if lookup.presence is Presence.UNKNOWN and lookup.detail:
        return f"{REASONS[lookup.presence]}: {lookup.detail}"
    return REASONS[lookup.presence]


def _protect(finding: Finding, protects: Callable[[Account], bool]) -> Finding:
    untouched = NO_DRIFT | {Situation.UNKNOWN}
    if finding.account is None or finding.situation in untouched or not protects(finding.account):
        return finding
    reason = f"protected; would be {finding.situation}: {finding.reason}"
    return Finding(Situation.PROTECTED_DRIFT, finding.subject, finding.account, reason, finding.situation)


def _finding(situation: Situation, subject: Subject, account: Account | None, reason: str) -> Finding:
    return Finding(situation, subject, account, reason, situation)


def _said(assignment: Assignment) -> str:
    return f"Okta: user {assignment.user_status}, assignment {assignment.app_status}"


def _open(account: Account) -> str:
    return "open" if account.active else "closed"
