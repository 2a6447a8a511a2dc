"""Why somebody in Okta has no account here: what Okta says now, what a run would make of it, and what happened so far.

What a run finds follows from what Okta lists. Nobody is listed here: the row is that of the last sealed snapshot, with
what Okta says of the person now, and where it has none, what Okta says alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from syncd.core.attributes import WORK_EMAIL
from syncd.core.classification import REASONS, Finding, classify
from syncd.core.consents import Waiver, waivers_by_account
from syncd.core.correlation import correlate_by_address
from syncd.core.guard import Scene
from syncd.core.planning import accept, freeze_flapping, grant_grace
from syncd.core.policy import Policy
from syncd.core.rejections import Rejections, reject
from syncd.core.situations import TAXONOMY, Mode, Situation
from syncd.core.subjects import Account, Assignment, Candidate, Lookup, Presence, Subject
from syncd.ports import UnitOfWork
from syncd.workflows.desk import Desk
from syncd.workflows.explain import Explanation, explain
from syncd.workflows.judgement import Judgement, judge, lookup_as_json
from syncd.workflows.scene import read_scene
from syncd.workflows.survey import FLAPPING_WITHIN
from syncd.workflows.timeline import Entry, read_timeline

MOST_FOUND: Final = 10
_OKTA_USER_ID: Final = re.compile(r"00u[0-9A-Za-z]+")
"""How every Okta user id that was seen so far looks. Okta documents no form."""


@dataclass(frozen=True, slots=True)
class PersonExplanation:
    """One person in Okta whose Okta user id no account here carries, explained.

    `user_name` is as Okta last listed it; None where the last sealed snapshot does not hold the person (`is_listed`).
    `tombstone` is the SCIM id of the account that was deleted here, None where there was none. `accounts` are the SCIM
    ids of those that the listed row points to by another key. `mode` is what the policy does about the situation;
    `grace_hours` how long it has to last before it counts, None where it need not. `timeline` is youngest first.
    """

    okta_user_id: str
    user_name: str | None
    is_listed: bool
    tombstone: str | None
    accounts: tuple[str, ...]
    lookup: Lookup
    judgement: Judgement
    mode: Mode
    grace_hours: float | None
    timeline: tuple[Entry, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as JSON: as that of an account, which is null, with the person beside it."""
        return {
            "account": None,
            "person": {
                "oktaUserId": self.okta_user_id,
                "userName": self.user_name,
                "listed": self.is_listed,
                "deletedAccount": self.tombstone,
                "accounts": list(self.accounts),
            },
            "okta": lookup_as_json(self.lookup),
            **self.judgement.as_json(),
            "mode": self.mode.value,
            "graceHours": self.grace_hours,
            "keys": [],
            "memberships": [],
            "timeline": [entry.as_json() for entry in self.timeline],
        }


def explain_people(desk: Desk, key: str) -> tuple[Explanation | PersonExplanation, ...]:
    """Explain everybody in Okta whom `key` names where no account has it.

    `key` is an Okta user id, a user name or a SCIM id: that of a row of the last sealed snapshot, or of an account that
    was deleted here. Whoever has an account after all, under another name, is explained by that. Asks Okta now,
    uncached; an answer that is not definitive shows as unknown. Empty when nothing here and nobody in Okta has the key.
    """
    with desk.database.reading(desk.app) as unit:
        people = [(one, bool(unit.find_accounts(one))) for one in _named(unit, key)]
        known = {one: _read(unit, one, desk.policy) for one, has_account in people if not has_account}
    found: list[Explanation | PersonExplanation] = []
    for okta_user_id, has_account in people:
        if has_account:
            found += explain(desk, okta_user_id)
            continue
        lookup, person = desk.source.look_up(okta_user_id), known[okta_user_id]
        if person.is_known or lookup.presence is not Presence.GONE:
            found.append(_explain_one(desk, person, lookup))
    return tuple(found)


def _named(unit: UnitOfWork, key: str) -> tuple[str, ...]:
    """Return the Okta user ids of at most 10 people whom the key may name."""
    listed = [one.assignment.okta_user_id for one in unit.staging.listed([key]) if one.assignment]
    itself = [key] if _OKTA_USER_ID.fullmatch(key) else []
    return tuple(dict.fromkeys((*itself, *listed, *unit.staging.buried(key))))[:MOST_FOUND]


# ------------------------------------------------------------------ what is known here


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of one person, read at once.

    `subject` is the row of the last sealed snapshot with its candidates, None where there is none. `beside` are the
    subjects that may dispute it: other rows that point to these accounts. `scenes` are those of the candidates.
    """

    okta_user_id: str
    subject: Subject | None
    beside: tuple[Subject, ...]
    tombstone: str | None
    scenes: dict[str, Scene]
    rejections: Rejections
    waivers: Mapping[str, tuple[Waiver, ...]]
    switches: Mapping[str, int]
    now: datetime
    timeline: tuple[Entry, ...]

    @property
    def is_known(self) -> bool:
        """Whether anything here tells of the person."""
        return self.subject is not None or self.tombstone is not None or bool(self.timeline)


def _read(unit: UnitOfWork, okta_user_id: str, policy: Policy) -> _Known:
    subject = _row_of(unit, okta_user_id)
    accounts = [candidate.account for candidate in subject.candidates] if subject else []
    scenes = {account.id: found[0] for account in accounts if (found := read_scene(unit, account.id, policy))}
    now = unit.decisions.now()
    tombstone = unit.staging.tombstones([okta_user_id]).get(okta_user_id)
    return _Known(
        okta_user_id=okta_user_id,
        subject=subject and _with_marks(subject, scenes),
        beside=tuple(_beside(unit, okta_user_id, accounts)),
        tombstone=tombstone,
        scenes=scenes,
        rejections=Rejections.among(unit.reviews.rejections()),
        waivers=waivers_by_account(unit.decisions.waivers()),
        switches=unit.decisions.switches(list(scenes), now - FLAPPING_WITHIN) if scenes else {},
        now=now,
        timeline=read_timeline(unit, [tombstone] if tombstone else [], okta_user_id),
    )


def _row_of(unit: UnitOfWork, okta_user_id: str) -> Subject | None:
    """Return the person's row of the last sealed snapshot with its candidates, those by the work address included."""
    rows = (one for one in unit.staging.listed([okta_user_id]) if _is_of(one, okta_user_id))
    subject = next(rows, None)
    if subject is None or subject.assignment is None or subject.candidates:
        return subject
    address = subject.assignment.attributes.get(WORK_EMAIL)
    lone = [one for one in unit.find_accounts(address) if not _claims(unit, one)] if address else []
    alone = (Subject(None, (Candidate(account, frozenset()),)) for account in lone)
    return correlate_by_address([subject, *alone])[0]


def _beside(unit: UnitOfWork, okta_user_id: str, accounts: list[Account]) -> Iterator[Subject]:
    """Yield the other rows that point to one of these accounts."""
    rows = {
        one.assignment.okta_user_id: one for account in accounts for one in _claims(unit, account) if one.assignment
    }
    return (one for key, one in rows.items() if key != okta_user_id)


def _claims(unit: UnitOfWork, account: Account) -> list[Subject]:
    """Return the rows of the last sealed snapshot that point to an account."""
    names = [one for one in (account.id, account.external_id, account.user_name) if one]
    rows = unit.staging.listed(names)
    return [one for one in rows if account.id in {candidate.account.id for candidate in one.candidates}]


def _is_of(subject: Subject, okta_user_id: str) -> bool:
    return subject.assignment is not None and subject.assignment.okta_user_id == okta_user_id


def _with_marks(subject: Subject, scenes: Mapping[str, Scene]) -> Subject:
    candidates = (replace(one, account=scenes[one.account.id].account) for one in subject.candidates)
    return replace(subject, candidates=tuple(candidates))


# ------------------------------------------------------------------ what follows


def _explain_one(desk: Desk, known: _Known, lookup: Lookup) -> PersonExplanation:
    policy = desk.policy
    finding = _finding(known, lookup, policy)
    scene = known.scenes.get(finding.account.id) if finding.account else None
    scene = scene and replace(scene, is_waived=finding.waiver is not None, is_confirmed=False)
    has_grace = TAXONOMY[finding.base].grace is not None
    row = known.subject.assignment if known.subject else None
    return PersonExplanation(
        okta_user_id=known.okta_user_id,
        user_name=row.user_name if row else None,
        is_listed=row is not None,
        tombstone=known.tombstone,
        accounts=tuple(one.account.id for one in known.subject.candidates) if known.subject else (),
        lookup=lookup,
        judgement=judge(desk, finding, scene, lookup),
        mode=policy.mode(finding.base),
        grace_hours=policy.grace(finding.base) / timedelta(hours=1) if has_grace else None,
        timeline=known.timeline,
    )


def _finding(known: _Known, lookup: Lookup, policy: Policy) -> Finding:
    """Return what a run would find that lists the person as Okta tells of them now."""
    subject = _as_listed_now(known, lookup)
    if subject is None:
        return _unassigned(known, lookup)
    finding = classify([subject, *known.beside], policy.protects)[0]
    findings = grant_grace(reject([finding], known.rejections, policy), policy)
    findings = freeze_flapping(findings, known.switches, policy)
    return accept(findings, known.waivers, known.now)[0]


def _as_listed_now(known: _Known, lookup: Lookup) -> Subject | None:
    """Return the person's row as the next listing would have it; None where it would have none, as far as is known."""
    if lookup.presence is not Presence.ASSIGNED:
        return None
    subject = known.subject or Subject(Assignment(known.okta_user_id, None, None, "", None), ())
    if subject.assignment is None:
        raise AssertionError(subject)
    row = replace(
        subject.assignment,
        app_status=lookup.app_status or "",
        user_status=lookup.user_status,
        sync_state=lookup.sync_state,
        age=lookup.age,
    )
    return replace(subject, assignment=row, tombstone=None if subject.candidates else known.tombstone)


def _unassigned(known: _Known, lookup: Lookup) -> Finding:
    """Return the finding about somebody whom the next listing would not hold: nothing is expected here."""
    situation = Situation.UNKNOWN if lookup.presence is Presence.UNKNOWN else Situation.IN_SYNC
    reason = REASONS[lookup.presence] + (f": {lookup.detail}" if situation is Situation.UNKNOWN else "")
    buried = f"account {known.tombstone} was deleted here" if known.tombstone else "no account here carries their id"
    return Finding(situation, Subject(None, (), lookup), None, f"{reason}; {buried}", situation)
