"""The two sides of a reconciliation: what Okta assigns, and what accounts there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Assignment:
    """One row of an application's user listing in Okta, with the user it embeds.

    Every string is as Okta sent it: a status that this version does not know is kept and later classified as unknown,
    never dropped. `attributes` holds the values that the mapping reads, by SCIM path ("name.givenName"); a value that
    Okta left out or sent as null is absent. `user_status` is None when the row embeds no user. `age` is how long the
    assignment had had its status when Okta told of it, both moments by Okta's clock; None where Okta does not say.
    Source: Okta Management API, GET /api/v1/apps/{appId}/users?expand=user.
    """

    okta_user_id: str
    user_name: str | None
    external_id: str | None
    app_status: str
    user_status: str | None
    scope: str | None = None
    sync_state: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    age: timedelta | None = None


class Origin(StrEnum):
    """Who made an account. Only accounts that came over SCIM, or were linked since, are syncd's to change."""

    SCIM = "scim"
    IMPORT = "import"
    JIT = "jit"
    LOCAL = "local"
    UNKNOWN = "unknown"


class MarkKind(StrEnum):
    """What a person said of an account.

    PROTECTED: never touched, and drift on it is an alarm. HOLD: nothing happens until the mark ends. EXEMPT: out of
    scope, reported as such. CORRELATE_LATER: never linked by the reconciler.
    """

    PROTECTED = "protected"
    HOLD = "hold"
    EXEMPT = "exempt"
    CORRELATE_LATER = "correlate-later"


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the application, as the store holds it.

    `id` is the SCIM id, `external_id` the Okta user id as Okta told us. `version` is the version now, and
    `walk_version` the version read before the first page of the snapshot was requested; None when the account did not
    exist then. `attributes` is keyed as in `Assignment`. `marks` are those in force now. `is_admin` tells
    that the account is in a group that administers the application.
    """

    id: str
    user_name: str
    external_id: str | None
    active: bool
    origin: Origin
    protected: bool
    version: int
    walk_version: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    marks: frozenset[MarkKind] = frozenset()
    is_admin: bool = False


class LinkKey(StrEnum):
    """How an assignment and an account were found to belong together, strongest first."""

    SCIM_ID = "K1"
    OKTA_USER_ID = "K2"
    USER_NAME = "K3"
    WORK_EMAIL = "K4"


STRONG_KEYS = frozenset({LinkKey.SCIM_ID, LinkKey.OKTA_USER_ID})
"""The keys that link by themselves. A name or an address can pass from one person to another: it only proposes."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that an assignment may belong to, and the keys that say so."""

    account: Account
    keys: frozenset[LinkKey]


class Presence(StrEnum):
    """The answer of a point lookup: what Okta holds of one user and this application, at that moment."""

    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    DEPROVISIONED = "deprovisioned"
    GONE = "gone"
    UNKNOWN = "unknown"


NEGATIVE = frozenset({Presence.UNASSIGNED, Presence.DEPROVISIONED, Presence.GONE})
"""The definitive answers that a person has no access. Nothing else satisfies a destructive guard."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A point lookup's answer.

    ASSIGNED: the application user exists and grants. UNASSIGNED: the user exists, and the application user is 404 or
    says that it grants nothing any more. DEPROVISIONED: the user's status says so. GONE: both are 404. UNKNOWN:
    anything else; it never satisfies a destructive guard.
    `detail` says in words what was answered, for people. `request_ids` are Okta's, for its support. `sync_state` and
    `age` are the application user's, as in `Assignment`.
    """

    presence: Presence
    detail: str
    user_status: str | None = None
    app_status: str | None = None
    request_ids: tuple[str, ...] = ()
    sync_state: str | None = None
    age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """Since when sealed snapshots do not list an account: how many in a row, and when the first of them was sealed.

    `elapsed` is the time between that first snapshot and the one in hand, both by the database's clock.
    """

    snapshots: int
    since: datetime
    elapsed: timedelta


@dataclass(frozen=True, slots=True)
class Subject:
    """One person as both sides see them: an assignment with its candidates, or an account without an assignment.

    `candidates` is empty for an assignment without an account; `tombstone` is then the SCIM id of the account that was
    deleted here, if there was one. For an account without a listed assignment, `lookup` is its point lookup, or None
    when there was none, and `absence` says how long it has been missing. `twice_missing` tells that two sealed
    snapshots of one run miss it, and that a sample of such accounts was looked up and is missing indeed. `removed` is
    when Okta says in its System Log that it took the assignment away, by its own clock: positive evidence.
    `claimants` are the others that the account was said to belong to, by Okta user id, each with what Okta says of them
    now; None where it was not asked.
    """

    assignment: Assignment | None
    candidates: tuple[Candidate, ...]
    lookup: Lookup | None = None
    absence: Absence | None = None
    tombstone: str | None = None
    twice_missing: bool = False
    removed: datetime | None = None
    claimants: Mapping[str, Presence | None] = field(default_factory=dict)

    @property
    def contenders(self) -> tuple[str, ...]:
        """Which of the claimants may have access, for all that is known: Okta has not said that they have none."""
        return tuple(sorted(one for one, said in self.claimants.items() if said not in NEGATIVE))


def subject_of(account: Account, lookup: Lookup | None, removed: datetime | None = None) -> Subject:
    """Return one account as a subject, by what a question about it was answered; None where nobody was asked.

    `removed` as in `Subject`.
    """
    candidate = (Candidate(account, frozenset({LinkKey.SCIM_ID, LinkKey.OKTA_USER_ID})),)
    if lookup is None or lookup.presence is not Presence.ASSIGNED or account.external_id is None:
        return Subject(None, candidate, lookup, removed=removed)
    assignment = Assignment(
        okta_user_id=account.external_id,
        user_name=None,
        external_id=account.id,
        app_status=lookup.app_status or "",
        user_status=lookup.user_status,
        age=lookup.age,
    )
    return Subject(assignment, candidate, lookup)
