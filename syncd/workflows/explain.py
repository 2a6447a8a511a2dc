"""Why an account is as it is: what Okta says now, what we hold, what the guard says, and what happened so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from syncd.core.attributes import WORK_EMAIL
from syncd.core.classification import Finding, classify
from syncd.core.consents import Waiver
from syncd.core.guard import CHECKS, Scene
from syncd.core.planning import Item, accept, freeze_flapping, grant_grace
from syncd.core.policy import Policy
from syncd.core.rejections import Rejections, reject
from syncd.core.situations import EFFECTS, MEANINGS, Mode, Situation
from syncd.core.subjects import Account, LinkKey, Lookup, Subject, subject_of
from syncd.ports import AssignmentSource, Database, UnitOfWork
from syncd.workflows.disputes import Disputes, ask_claimants
from syncd.workflows.memberships import Here, Membership, ask_memberships
from syncd.workflows.scene import read_scene
from syncd.workflows.survey import FLAPPING_WITHIN
from syncd.workflows.timeline import Entry, read_timeline


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, explained.

    `lookup` is None when the account carries no Okta user id to ask about. `keys` are the identifiers that the account
    can be linked by, in words. `checks` says for each row of the guard whether it holds now; `verdict` what the next
    run would do, in words, and `remedies` what would change that; `timeline` is youngest first.
    """

    account: Account
    lookup: Lookup | None
    finding: Finding
    keys: tuple[str, ...]
    checks: tuple[tuple[str, bool], ...]
    verdict: str
    remedies: tuple[str, ...]
    memberships: tuple[Membership, ...]
    timeline: tuple[Entry, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as JSON."""
        account, lookup = self.account, self.lookup
        return {
            "account": {
                "id": account.id,
                "userName": account.user_name,
                "oktaUserId": account.external_id,
                "active": account.active,
                "origin": account.origin.value,
                "protected": account.protected,
                "marks": sorted(account.marks),
                "administrator": account.is_admin,
                "version": account.version,
                "attributes": dict(account.attributes),
            },
            "okta": lookup
            and {
                "presence": lookup.presence.value,
                "detail": lookup.detail,
                "userStatus": lookup.user_status,
                "appStatus": lookup.app_status,
                "syncState": lookup.sync_state,
                "ageSeconds": round(lookup.age.total_seconds()) if lookup.age is not None else None,
                "requestIds": list(lookup.request_ids),
            },
            "situation": self.finding.situation.value,
            "reason": self.finding.reason,
            "waiver": self.finding.waiver,
            "keys": list(self.keys),
            "checks": [{"check": said, "holds": holds} for said, holds in self.checks],
            "verdict": self.verdict,
            "remedies": list(self.remedies),
            "memberships": [membership.as_json() for membership in self.memberships],
            "timeline": [entry.as_json() for entry in self.timeline],
        }


def explain(
    database: Database, source: AssignmentSource, app: str, policy: Policy, key: str
) -> tuple[Explanation, ...]:
    """Explain every account that `key` names: a SCIM id, an Okta user id, a user name or a work e-mail address.

    Asks Okta now, uncached; an answer that is not definitive shows as unknown. Empty when no account has that key.
    """
    with database.reading(app) as unit:
        known = [_known(unit, account.id, policy) for account in unit.find_accounts(key)]
    return tuple(
        _explain_one(
            one,
            source.look_up(one.scene.account.external_id) if one.scene.account.external_id else None,
            ask_claimants(source, one.claimants, policy.lookup_limit),
            ask_memberships(source, one.scene.account, one.here),
            policy,
        )
        for one in known
        if one
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows of one account, read at once."""

    scene: Scene
    claimants: Mapping[str, frozenset[str]]
    rejections: Rejections
    waivers: tuple[Waiver, ...]
    now: datetime
    switches: int
    here: Here
    timeline: tuple[Entry, ...]


def _known(unit: UnitOfWork, account_id: str, policy: Policy) -> _Known | None:
    found = read_scene(unit, account_id, policy)
    if found is None:
        return None
    waivers = tuple(one for one in unit.decisions.waivers() if one.account_id == account_id)
    now = unit.decisions.now()
    switches = unit.decisions.switches([account_id], now - FLAPPING_WITHIN).get(account_id, 0)
    scene, stored = found
    groups = tuple((group.value, group.display or "", group.type) for group in stored.groups)
    here = Here(
        joined=tuple((group_id, name) for group_id, name, kind in groups if kind == "direct"),
        through=tuple((group_id, name) for group_id, name, kind in groups if kind != "direct"),
        groups=unit.groups.all() if policy.groups else None,
    )
    rejections = Rejections.among(unit.reviews.rejections(scene.account))
    claimants = unit.staging.claimants([account_id])
    return _Known(scene, claimants, rejections, waivers, now, switches, here, read_timeline(unit, scene.account))


def _explain_one(
    known: _Known, lookup: Lookup | None, disputes: Disputes, memberships: tuple[Membership, ...], policy: Policy
) -> Explanation:
    account = known.scene.account
    subjects = disputes.tell([_subject(account, lookup)])
    findings = reject(classify(subjects, policy.protects), known.rejections, policy)
    findings = grant_grace(findings, policy)
    findings = freeze_flapping(findings, {account.id: known.switches}, policy)
    (finding,) = accept(findings, {account.id: known.waivers}, known.now)
    supposed = Item(
        effect=EFFECTS.get(finding.base, next(iter(EFFECTS.values()))),
        situation=finding.base,
        account_id=account.id,
        user_name=account.user_name,
        okta_user_id=account.external_id,
        version=account.version,
        reason=finding.reason,
    )
    is_disputed = bool(subjects[0].contenders)
    # As the version, so the pushes that changed nothing: the next run begins after them.
    scene = replace(known.scene, is_waived=finding.waiver is not None, is_confirmed=False, is_disputed=is_disputed)
    checks = tuple(
        (said, holds(supposed, scene, policy)) for said, effects, holds in CHECKS if supposed.effect in effects
    )
    verdict = _verdict(finding, checks, policy)
    return Explanation(
        account=account,
        lookup=lookup,
        finding=finding,
        keys=_keys(account),
        checks=checks,
        verdict=verdict,
        remedies=_remedies(finding, checks, policy),
        memberships=memberships,
        timeline=known.timeline,
    )


def _subject(account: Account, lookup: Lookup | None) -> Subject:
    """Return the account as a subject, with what Okta says of its last push."""
    subject = subject_of(account, lookup)
    if subject.assignment is None or lookup is None:
        return subject
    return replace(subject, assignment=replace(subject.assignment, sync_state=lookup.sync_state))


def _keys(account: Account) -> tuple[str, ...]:
    """Return the identifiers by which an assignment can point to the account, strongest first."""
    named = {
        LinkKey.SCIM_ID: account.id,
        LinkKey.OKTA_USER_ID: account.external_id,
        LinkKey.USER_NAME: account.user_name,
        LinkKey.WORK_EMAIL: account.attributes.get(WORK_EMAIL),
    }
    return tuple(f"{key} {key.name.lower().replace('_', ' ')}: {value}" for key, value in named.items() if value)


def _remedies(finding: Finding, checks: tuple[tuple[str, bool], ...], policy: Policy) -> tuple[str, ...]:
    """Return what would make the next run do something else, as things that a person can do."""
    effect, mode = EFFECTS.get(finding.base), policy.mode(finding.base)
    found = [_WHAT_TO_DO[said] for said, holds in checks if not holds and said in _WHAT_TO_DO]
    if finding.waiver:
        found.append(f"end the waiver: syncd waiver end {finding.waiver}")
    if finding.base in {Situation.ACCESS_REJECTED, Situation.REJECTED_ASSIGNED}:
        found.append("take the assignment away in Okta: its next push would open the account again")
    if effect and mode is Mode.PROPOSE:
        found.append("approve a plan that holds it: syncd plan approve")
    elif effect and mode is not Mode.AUTO:
        found.append(f'set modes.{finding.base} = "auto" for the application')
    return tuple(found)


_WHAT_TO_DO: Final = {
    "the account is not protected": "take it out of `protected`, or: syncd mark remove USER protected",
    "the account is neither on hold nor exempt": "syncd mark remove USER hold, or exempt",
    "no access review rejects it": "decide otherwise in a review: syncd review open --scope rejected",
    "it is not in dispute whose the account is": "put its externalId right, or unassign the other in Okta",
    "enough administrators stay": "make somebody else an administrator first, or lower guard.min_admins",
    "the budget is not used up": "wait, or approve the plan: syncd plan approve",
}


def _verdict(finding: Finding, checks: tuple[tuple[str, bool], ...], policy: Policy) -> str:
    effect = EFFECTS.get(finding.situation)
    if effect is None:
        return f"nothing is done about it: {MEANINGS[finding.situation]}"
    if finding.waiver:
        return f"nothing is done about it: waiver {finding.waiver} accepts it"
    if policy.mode(finding.situation) is Mode.PROPOSE:
        return f"a run proposes to {effect} it; that happens when somebody has approved the plan"
    if policy.mode(finding.situation) is not Mode.AUTO:
        return f"only reported: the mode of {finding.situation} is {policy.mode(finding.situation)}"
    failed = [said for said, holds in checks if not holds]
    if failed:
        return f"{effect} is held back: not so: {'; '.join(failed)}"
    return f"the next run with --apply would {effect} it, when the snapshot and the thresholds allow"
