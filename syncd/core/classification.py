"""Which situation each subject is in: the taxonomy as tables.

Three questions: how are assignment and account tied, what does Okta say of the person, is the account open? One table
has the answer for every combination. Where both sides agree so far, a second, ordered table asks what else differs. Any
answer that is not definitive ends in UNKNOWN, and UNKNOWN never has an effect.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from syncd.core.attributes import USER_NAME, differences
from syncd.core.situations import NO_DRIFT, Situation
from syncd.core.subjects import STRONG_KEYS, Account, Assignment, LinkKey, Lookup, MarkKind, Origin, Presence, Subject


class Tie(StrEnum):
    """How an assignment and an account are tied to one another, or what there is without the other."""

    STRONG = "strong"
    WEAK = "weak"
    RECYCLED = "recycled"
    CLASHING = "clashing"
    SHARED = "shared"
    NOBODY = "nobody"
    BURIED = "buried"
    UNLISTED = "unlisted"
    FOREIGN = "foreign"


class Said(StrEnum):
    """What Okta says of a person and this application."""

    ENTITLED = "entitled"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    DEPROVISIONED = "deprovisioned"
    GONE = "gone"
    UNKNOWN = "unknown"


class Door(StrEnum):
    """Whether the account may be used."""

    OPEN = "open"
    CLOSED = "closed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """A subject with its situation. `reason` is for people; `base` the situation that protection covers, if any.

    `differences` maps the path of a compared attribute to what the account holds and what Okta wants. `waiver` is the
    id of the waiver that accepts it.
    """

    situation: Situation
    subject: Subject
    account: Account | None
    reason: str
    base: Situation
    differences: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    waiver: str | None = None


USER_SAYS: Final = {
    **dict.fromkeys(
        ("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "PROVISIONED", "STAGED"),
        Said.ENTITLED,
    ),
    "SUSPENDED": Said.SUSPENDED,
    "DEPROVISIONED": Said.DEPROVISIONED,
}
"""Okta's User.status. A temporary state of the credentials takes nobody's account away."""

APP_USER_SAYS: Final = {
    **dict.fromkeys(("ACTIVE", "PROVISIONED", "STAGED", "PENDING", "APPROVED", "IMPLICIT"), Said.ENTITLED),
    "SUSPENDED": Said.SUSPENDED,
    "DEPROVISIONED": Said.WITHDRAWN,
    "REVOKED": Said.WITHDRAWN,
    "INACTIVE": Said.WITHDRAWN,
    "UNASSIGNED": Said.WITHDRAWN,
}
"""Okta's AppUser.status. IMPORTED and MATCHED belong to an import and say nothing about access: unknown."""

LOOKUP_SAYS: Final = {
    Presence.ASSIGNED: Said.UNKNOWN,
    Presence.UNASSIGNED: Said.WITHDRAWN,
    Presence.DEPROVISIONED: Said.DEPROVISIONED,
    Presence.GONE: Said.GONE,
    Presence.UNKNOWN: Said.UNKNOWN,
}
"""A point lookup about somebody whom the listing does not hold. That they are assigned contradicts the listing."""

PUSH_FAILED: Final = frozenset({"ERROR", "OUT_OF_SYNC"})
"""What Okta says of an assignment whose account is not as Okta wanted to push it."""

LISTED: Final[tuple[Said, ...]] = tuple(said for said in Said if said is not Said.GONE)
"""What a listed assignment can say."""

_AFTER_ALL: Final = {said: Situation.UNKNOWN if said is Said.UNKNOWN else Situation.IN_SYNC for said in Said}
"""Nothing is expected of an account that is closed or absent, unless Okta says that it should be open."""


def _row(tie: Tie, door: Door, said: Mapping[Said, Situation]) -> dict[tuple[Tie, Door, Said], Situation]:
    return {(tie, door, one): situation for one, situation in said.items()}


def _whatever(tie: Tie, situation: Situation, said: Iterable[Said]) -> dict[tuple[Tie, Door, Said], Situation]:
    return {(tie, door, one): situation for door in (Door.OPEN, Door.CLOSED) for one in said}


DISPATCH: Final[Mapping[tuple[Tie, Door, Said], Situation]] = {
    **_row(
        Tie.STRONG,
        Door.OPEN,
        {
            Said.ENTITLED: Situation.IN_SYNC,
            Said.SUSPENDED: Situation.ZOMBIE_SUSPENDED,
            Said.WITHDRAWN: Situation.ORPHAN_UNASSIGNED,
            Said.DEPROVISIONED: Situation.ZOMBIE_DEPROVISIONED,
            Said.UNKNOWN: Situation.UNKNOWN,
        },
    ),
    **_row(Tie.STRONG, Door.CLOSED, {one: _AFTER_ALL[one] for one in LISTED} | {Said.ENTITLED: Situation.LAPSED}),
    **_row(Tie.NOBODY, Door.NONE, {one: _AFTER_ALL[one] for one in LISTED} | {Said.ENTITLED: Situation.GHOST}),
    **_row(Tie.BURIED, Door.NONE, {one: _AFTER_ALL[one] for one in LISTED} | {Said.ENTITLED: Situation.RESURRECTED}),
    **_whatever(Tie.WEAK, Situation.UNLINKED, LISTED),
    **_whatever(Tie.RECYCLED, Situation.RECYCLED_NAME, LISTED),
    **_whatever(Tie.CLASHING, Situation.DISPUTED, LISTED),
    **_whatever(Tie.SHARED, Situation.DUPLICATE_SOURCE, LISTED),
    **_row(
        Tie.UNLISTED,
        Door.OPEN,
        {
            Said.ENTITLED: Situation.UNKNOWN,
            Said.SUSPENDED: Situation.UNKNOWN,
            Said.WITHDRAWN: Situation.ORPHAN_UNASSIGNED,
            Said.DEPROVISIONED: Situation.ZOMBIE_DEPROVISIONED,
            Said.GONE: Situation.ORPHAN_GONE,
            Said.UNKNOWN: Situation.UNKNOWN,
        },
    ),
    **_row(Tie.UNLISTED, Door.CLOSED, dict.fromkeys(Said, Situation.IN_SYNC)),
    **_whatever(Tie.FOREIGN, Situation.UNMANAGED, Said),
}
"""(how they are tied, whether the account is open, what Okta says) -> situation, for everything that can occur."""


def _renamed(_assignment: Assignment, _keys: frozenset[LinkKey], found: Mapping[str, object]) -> bool:
    return USER_NAME in found


def _differs(_assignment: Assignment, _keys: frozenset[LinkKey], found: Mapping[str, object]) -> bool:
    return bool(found)


def _stale_id(assignment: Assignment, keys: frozenset[LinkKey], _found: Mapping[str, object]) -> bool:
    return assignment.external_id is not None and LinkKey.SCIM_ID not in keys


def _push_failed(assignment: Assignment, _keys: frozenset[LinkKey], _found: Mapping[str, object]) -> bool:
    return assignment.sync_state in PUSH_FAILED


def _push_waits(assignment: Assignment, _keys: frozenset[LinkKey], _found: Mapping[str, object]) -> bool:
    return assignment.app_status == "PENDING"


def _no_id(assignment: Assignment, _keys: frozenset[LinkKey], _found: Mapping[str, object]) -> bool:
    return assignment.external_id is None


Holds = Callable[[Assignment, frozenset[LinkKey], Mapping[str, object]], bool]

CLOSER_LOOK: Final[tuple[tuple[Situation, str, Holds], ...]] = (
    (Situation.RENAMED, "its user name is another one in Okta", _renamed),
    (Situation.ATTRIBUTE_MISMATCH, "its attributes differ", _differs),
    (Situation.STALE_EXTERNAL_ID, "Okta holds the SCIM id of no account", _stale_id),
    (Situation.SOURCE_SYNC_ERROR, "Okta says that its push failed", _push_failed),
    (Situation.SOURCE_SYNC_ERROR, "Okta has not pushed it yet: the assignment is PENDING", _push_waits),
    (Situation.MISSING_EXTERNAL_ID, "Okta holds no SCIM id of it", _no_id),
)
"""What can still differ between an entitled person and their open account; the first that holds names the situation."""

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
    return tuple(_cover(_classify_one(subject, claims), protects) for subject in listed)


def said_of(assignment: Assignment) -> Said:
    """Return what an assignment says. The user's status outweighs the application user's; unknown outweighs both."""
    user = USER_SAYS.get(assignment.user_status or "", Said.UNKNOWN)
    app = APP_USER_SAYS.get(assignment.app_status, Said.UNKNOWN)
    for said in (Said.UNKNOWN, Said.DEPROVISIONED, Said.WITHDRAWN, Said.SUSPENDED):
        if said in (user, app):
            return said
    return Said.ENTITLED


def _classify_one(subject: Subject, claims: Mapping[str, int]) -> Finding:
    if subject.assignment is None:
        return _without_assignment(subject)
    said = said_of(subject.assignment)
    if not subject.candidates:
        tie = Tie.BURIED if subject.tombstone else Tie.NOBODY
        reason = f"{_told(subject.assignment)}; " + (
            f"account {subject.tombstone} was deleted here" if subject.tombstone else "no account is linked"
        )
        return _finding(DISPATCH[tie, Door.NONE, said], subject, None, reason)
    account = subject.candidates[0].account
    tie, reason = _tie(subject, subject.assignment, claims)
    if tie in {Tie.STRONG, Tie.WEAK} and subject.contenders and can_be_contended(subject):
        tie, reason = Tie.CLASHING, _contended(subject)
    situation = DISPATCH[tie, door_of(account), said]
    if tie is Tie.STRONG and account.active and situation is Situation.IN_SYNC:
        return _closer_look(subject, subject.assignment)
    return _finding(
        situation, subject, account, reason or f"{_told(subject.assignment)}; the account is {door_of(account)}"
    )


def door_of(account: Account) -> Door:
    """Return whether the account may be used."""
    return Door.OPEN if account.active else Door.CLOSED


def _tie(subject: Subject, assignment: Assignment, claims: Mapping[str, int]) -> tuple[Tie, str]:
    """Return how an assignment and its candidates are tied, and in words what is wrong with that, if anything."""
    candidate = subject.candidates[0]
    account = candidate.account
    if len(subject.candidates) > 1:
        return Tie.CLASHING, "its identifiers point to different accounts: " + ", ".join(
            f"{'+'.join(sorted(one.keys))} {one.account.id}" for one in subject.candidates
        )
    if claims[account.id] > 1:
        return Tie.SHARED, f"several people in Okta point to account {account.id}"
    if account.external_id is not None and account.external_id != assignment.okta_user_id:
        reason = f"the account carries the Okta user id {account.external_id}, not {assignment.okta_user_id}"
        recycled = candidate.keys.isdisjoint(STRONG_KEYS) and not account.active
        return (Tie.RECYCLED if recycled else Tie.CLASHING), reason
    if candidate.keys.isdisjoint(STRONG_KEYS):
        what = "user name" if LinkKey.USER_NAME in candidate.keys else "work address"
        return Tie.WEAK, f"only the {what} matches"
    return Tie.STRONG, ""


def can_be_contended(subject: Subject) -> bool:
    """Return whether it matters who else an account was said to belong to: where access may be taken, given or tied.

    It does not for somebody who has access by Okta's word, and an open account that is theirs by every strong key.
    """
    if len(subject.candidates) != 1:
        return False
    account, keys = subject.candidates[0].account, subject.candidates[0].keys
    if subject.assignment is None:
        return account.active
    return not (account.active and keys >= STRONG_KEYS and said_of(subject.assignment) is Said.ENTITLED)


def _contended(subject: Subject) -> str:
    others = ", ".join(f"{one} ({subject.claimants[one] or 'not asked about'})" for one in subject.contenders)
    return f"the account was last said to belong to {others} as well, and Okta does not say that they have no access"


def _closer_look(subject: Subject, assignment: Assignment) -> Finding:
    candidate = subject.candidates[0]
    found = differences(assignment.attributes, candidate.account.attributes)
    for situation, what, holds in CLOSER_LOOK:
        if holds(assignment, candidate.keys, found):
            reason = f"differs in {', '.join(sorted(found))}" if found else what
            return Finding(situation, subject, candidate.account, reason, situation, found)
    return _finding(Situation.IN_SYNC, subject, candidate.account, "both sides agree")


def _without_assignment(subject: Subject) -> Finding:
    account = subject.candidates[0].account
    if account.origin is not Origin.SCIM:
        tie, said, reason = Tie.FOREIGN, Said.UNKNOWN, f"made by: {account.origin}"
    elif subject.contenders and can_be_contended(subject):
        tie, said, reason = Tie.CLASHING, Said.UNKNOWN, _contended(subject)
    elif subject.lookup is not None:
        tie, said, reason = Tie.UNLISTED, LOOKUP_SAYS[subject.lookup.presence], _answered(subject.lookup)
    elif subject.twice_missing:
        tie, said = Tie.UNLISTED, Said.WITHDRAWN
        reason = "missing from two listings of this run; a sample of those was looked up, and is missing indeed"
    else:
        tie, said, reason = Tie.UNLISTED, Said.UNKNOWN, _why_not_looked_up(account)
    return _finding(DISPATCH[tie, door_of(account), said], subject, account, reason)


def _why_not_looked_up(account: Account) -> str:
    if account.external_id is None:
        return "not listed, and the account carries no Okta user id that could be asked about"
    return "not listed, and not asked about: more candidates than one run may look up"


def _answered(lookup: Lookup) -> str:
    """Return what a lookup means. Okta's own words are added where they say more than the meaning."""
    if lookup.presence is Presence.UNKNOWN and lookup.detail:
        return f"{REASONS[lookup.presence]}: {lookup.detail}"
    return REASONS[lookup.presence]


def _cover(finding: Finding, protects: Callable[[Account], bool]) -> Finding:
    situation, reason = covered(finding.situation, finding.reason, finding.account, protects)
    return finding if situation is finding.situation else replace(finding, situation=situation, reason=reason)


def covered(
    situation: Situation, reason: str, account: Account | None, protects: Callable[[Account], bool]
) -> tuple[Situation, str]:
    """Return situation and reason, or what they become where somebody said that the account is not to be touched."""
    if account is None or situation in NO_DRIFT | {Situation.UNKNOWN}:
        return situation, reason
    if protects(account):
        return Situation.PROTECTED_DRIFT, f"protected; would be {situation}: {reason}"
    if MarkKind.EXEMPT in account.marks:
        return Situation.OUT_OF_SCOPE, f"marked as exempt; would be {situation}: {reason}"
    return situation, reason


def _finding(situation: Situation, subject: Subject, account: Account | None, reason: str) -> Finding:
    return Finding(situation, subject, account, reason, situation)


def _told(assignment: Assignment) -> str:
    return f"Okta: user {assignment.user_status}, assignment {assignment.app_status}"
