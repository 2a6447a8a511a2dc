"""Access reviews: what is reviewed, who may decide about it, and what the decisions come to.

A review is bound to a population that is frozen when it is opened. What becomes of a rejected account is in
`syncd.core.rejections`.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from scim.resource import fold
from syncd.core.checkpoints import Checkpoint
from syncd.core.subjects import MarkKind, Origin

OLDEST_SNAPSHOT: Final = timedelta(hours=24)
"""How old the snapshot may be that a review is opened on."""

MOST_REVIEWED: Final = 50_000
"""How many accounts a review holds. Nobody reads more than that."""

LONGEST_TEXT: Final = 2_000
"""How many characters a reason, or the name of a reviewer, may have."""

UNDECIDED: Final = "nobody had decided when the review was closed"


class Scope(StrEnum):
    """Which open accounts are reviewed.

    ALL of them; PRIVILEGED: members of the groups that administer the application; DIRECT: those whose assignment in
    Okta does not come from a group; REJECTED: those that an earlier review rejected and none has approved since.
    """

    ALL = "all"
    PRIVILEGED = "privileged"
    DIRECT = "direct"
    REJECTED = "rejected"


class Decision(StrEnum):
    """What was decided about an account. KEEP is nobody's approval: it stayed undecided, and access stays."""

    APPROVE = "approve"
    REJECT = "reject"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Entry:
    """One open account as it was when the review was opened: what the reviewer saw.

    `owner` is the Okta user id that the account carries, None where it has none. `okta_user_name`, `user_status`,
    `assignment_status` and `route` ("USER" or "GROUP") are what the snapshot says of that person, None where it does
    not list them. `privileged` is None where no group is known to administer the application. `groups` are names,
    those that the account is in through others too.
    """

    account_id: str
    user_name: str
    display_name: str | None
    emails: tuple[str, ...]
    owner: str | None
    okta_user_name: str | None
    origin: Origin
    user_type: str | None
    marks: tuple[MarkKind, ...]
    user_status: str | None
    assignment_status: str | None
    route: str | None
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    created: datetime
    modified: datetime
    privileged: bool | None

    @property
    def kind(self) -> str:
        """What kind of account it is, as far as that is known."""
        if MarkKind.PROTECTED in self.marks:
            return "protected"
        if self.owner is not None:
            return "person"
        return "unknown" if self.origin is Origin.SCIM else self.origin.value

    def as_json(self) -> dict[str, Any]:
        """Return the entry as it is kept, and as its digest is made of it."""
        return {
            "account": self.account_id,
            "userName": self.user_name,
            "displayName": self.display_name,
            "emails": list(self.emails),
            "owner": self.owner,
            "oktaUserName": self.okta_user_name,
            "kind": self.kind,
            "origin": self.origin.value,
            "userType": self.user_type,
            "marks": [mark.value for mark in self.marks],
            "oktaStatus": self.user_status,
            "assignmentStatus": self.assignment_status,
            "route": self.route,
            "groups": list(self.groups),
            "roles": list(self.roles),
            "created": self.created.isoformat(),
            "lastModified": self.modified.isoformat(),
            "privileged": self.privileged,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Entry":
        """Return the entry that `as_json` told. Raises KeyError and ValueError for anything else."""
        return cls(
            account_id=told["account"],
            user_name=told["userName"],
            display_name=told["displayName"],
            emails=tuple(told["emails"]),
            owner=told["owner"],
            okta_user_name=told["oktaUserName"],
            origin=Origin(told["origin"]),
            user_type=told["userType"],
            marks=tuple(MarkKind(one) for one in told["marks"]),
            user_status=told["oktaStatus"],
            assignment_status=told["assignmentStatus"],
            route=told["route"],
            groups=tuple(told["groups"]),
            roles=tuple(told["roles"]),
            created=datetime.fromisoformat(told["created"]),
            modified=datetime.fromisoformat(told["lastModified"]),
            privileged=told["privileged"],
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision that somebody makes about one account of a review."""

    account_id: str
    decision: Decision
    reviewer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is written down; `at` by the database's clock."""

    decision: Decision
    reviewer: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One account of a review. `digest` names the entry in this review, and no other row of any."""

    entry: Entry
    digest: str
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """How a review was closed: by whom, on whose word, and what names its decisions."""

    at: datetime
    actor: str
    sign_off: str
    undecided_as: Decision | None
    digest: str


@dataclass(frozen=True, slots=True)
class Review:
    """An access review. `period` is the first and the last day that it is about, `due` the last day to decide.

    `digest` names the population, which has `size` accounts. `generated` says how the population came about, as JSON.
    `checkpoint` is where the audit trail stood then, None where it is not sealed. `closing` is None while it is open.
    """

    review_id: str
    scope: Scope
    period: tuple[date, date]
    reviewer: str
    due: date | None
    snapshot_id: str
    digest: str
    size: int
    generated: Mapping[str, Any]
    checkpoint: Checkpoint | None
    opened: datetime
    opened_by: str
    closing: Closing | None = None


# ------------------------------------------------------------------ names of what was seen


def row_digest(review_id: str, entry: Entry) -> str:
    """Return "row:" and 16 hex digits that name an entry of a review.

    The prefix keeps spreadsheets from taking it for a number.
    """
    return f"row:{_sha256([review_id, entry.as_json()])[:16]}"


def population_digest(entries: Iterable[Entry]) -> str:
    """Return the SHA-256 of a population in hexadecimal: the same for the same accounts in any order."""
    return _sha256([entry.as_json() for entry in sorted(entries, key=lambda entry: entry.account_id)])


def decisions_digest(review: Review, items: Iterable[ReviewItem]) -> str:
    """Return the SHA-256 of what was decided about whom, by whom, when and why, in hexadecimal."""
    told = [
        [
            one.entry.account_id,
            one.digest,
            one.decided
            and [one.decided.decision, one.decided.reviewer, one.decided.reason, one.decided.at.isoformat()],
        ]
        for one in sorted(items, key=lambda item: item.entry.account_id)
    ]
    return _sha256([review.review_id, review.digest, told])


def _sha256(told: Any) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


# ------------------------------------------------------------------ who may decide


def owns(entry: Entry, person: str) -> bool:
    """Return whether the account is that person's own, as far as their name shows it.

    "Ann Oak <ann@example.com>" has three names: as it stands, without the address, and the address. What stands before
    the @ of an address counts too. It is better to ask for another reviewer once too often.
    """
    return not _names(person).isdisjoint(_names_of(entry))


def refuse_judgement(entry: Entry, judgement: Judgement) -> str | None:
    """Return why a decision may not be made, or None."""
    reviewer, reason = judgement.reviewer.strip(), judgement.reason.strip()
    if not reviewer:
        return "a decision needs the name of the reviewer"
    if max(len(reviewer), len(reason)) > LONGEST_TEXT:
        return f"the reviewer or the reason has more than {LONGEST_TEXT} characters"
    if owns(entry, reviewer):
        return f"{reviewer} owns the account {entry.user_name}: nobody reviews their own access, so name another person"
    if judgement.decision is Decision.REJECT and not reason:
        return f"the rejection of {entry.user_name} needs a reason"
    return None


def refuse_closing(items: Iterable[ReviewItem], sign_off: str, undecided_as: Decision | None) -> str | None:
    """Return why a review may not be closed on that person's word, or None."""
    if not sign_off.strip():
        return "a review is closed on somebody's word: --sign-off NAME"
    undecided = [one.entry for one in items if one.decided is None]
    if undecided and undecided_as is None:
        return (
            f"nothing is decided about {len(undecided)} accounts yet, the first of them {undecided[0].user_name}. "
            "Decide, or say what becomes of them: --undecided-as reject, or --undecided-as keep"
        )
    own = next((entry for entry in undecided if owns(entry, sign_off)), None)
    if own is not None and undecided_as is Decision.KEEP:
        return (
            f"{sign_off} owns the account {own.user_name}, which nobody has decided about: it is not kept on their word"
        )
    return None


_ADDRESS: Final = re.compile(r"<([^<>]*)>")


def _names(text: str) -> frozenset[str]:
    """Return what a name of a person is compared by."""
    parts = {text, _ADDRESS.sub("", text), *_ADDRESS.findall(text)}
    parts |= {part.partition("@")[0] for part in parts if "@" in part and " " not in part.strip()}
    return frozenset(fold(" ".join(part.split())) for part in parts) - {""}


def _names_of(entry: Entry) -> frozenset[str]:
    held = (entry.account_id, entry.user_name, entry.display_name, entry.owner, entry.okta_user_name, *entry.emails)
    return frozenset(name for one in held if one for name in _names(one))


# ------------------------------------------------------------------ what it came to


COUNTED: Final = (*(one.value for one in Decision), "undecided")


def count_decisions(items: Iterable[ReviewItem]) -> dict[str, int]:
    """Return how many accounts there are of each decision, and how many are "undecided"; zeros included."""
    counted = Counter(one.decided.decision.value if one.decided else "undecided" for one in items)
    return {name: counted[name] for name in COUNTED}
