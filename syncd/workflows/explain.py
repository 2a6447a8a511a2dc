"""Why an account is as it is: what Okta says now, what we hold, what the guard says, and what happened so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syncd.core.attributes import WORK_EMAIL
from syncd.core.classification import classify
from syncd.core.consents import Waiver
from syncd.core.group_planning import is_admin_group
from syncd.core.groups import Belonging
from syncd.core.guard import Scene, forbids
from syncd.core.planning import Item, accept, freeze_flapping, grant_grace, keeps_to_windows
from syncd.core.policy import Policy
from syncd.core.rejections import Rejections, reject
from syncd.core.situations import Effect, Situation
from syncd.core.subjects import Account, LinkKey, Lookup, Subject, subject_of
from syncd.ports import UnitOfWork
from syncd.workflows.desk import Desk
from syncd.workflows.disputes import Disputes, ask_claimants
from syncd.workflows.judgement import Judgement, judge, lookup_as_json
from syncd.workflows.memberships import Here, Membership, ask_memberships
from syncd.workflows.scene import read_scene
from syncd.workflows.survey import FLAPPING_WITHIN
from syncd.workflows.timeline import Entry, read_timeline


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, explained.

    `lookup` is None when the account carries no Okta user id to ask about. `keys` are the identifiers that the account
    can be linked by, in words; `timeline` is youngest first.
    """

    account: Account
    lookup: Lookup | None
    judgement: Judgement
    keys: tuple[str, ...]
    memberships: tuple[Membership, ...]
    timeline: tuple[Entry, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as JSON."""
        account = self.account
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
            "okta": lookup_as_json(self.lookup),
            **self.judgement.as_json(),
            "keys": list(self.keys),
            "memberships": [membership.as_json() for membership in self.memberships],
            "timeline": [entry.as_json() for entry in self.timeline],
        }


def explain(desk: Desk, key: str) -> tuple[Explanation, ...]:
    """Explain every account that `key` names: a SCIM id, an Okta user id, a user name or a work e-mail address.

    Asks Okta now, uncached; an answer that is not definitive shows as unknown. Empty when no account has that key.
    """
    with desk.database.reading(desk.app) as unit:
        known = [_known(unit, account.id, desk.policy) for account in unit.find_accounts(key)]
    return tuple(
        _explain_one(
            desk,
            one,
            desk.source.look_up(one.scene.account.external_id) if one.scene.account.external_id else None,
            ask_claimants(desk.source, one.claimants, desk.policy.lookup_limit),
            ask_memberships(desk.source, one.scene.account, one.here),
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
    timeline = read_timeline(unit, [account_id], scene.account.external_id)
    return _Known(scene, claimants, rejections, waivers, now, switches, here, timeline)


def _explain_one(
    desk: Desk, known: _Known, lookup: Lookup | None, disputes: Disputes, memberships: tuple[Membership, ...]
) -> Explanation:
    policy, account = desk.policy, known.scene.account
    (subject,) = disputes.tell([_subject(account, lookup)])
    # As the version, so the pushes that changed nothing: the next run begins after them. It asks about claimants first.
    known = replace(known, scene=replace(known.scene, is_confirmed=False, is_disputed=bool(subject.contenders)))
    findings = reject(classify([subject], policy.protects), known.rejections, policy)
    findings = grant_grace(findings, policy)
    findings = freeze_flapping(findings, {account.id: known.switches}, policy)
    (finding,) = accept(findings, {account.id: known.waivers}, known.now)
    scene = replace(known.scene, is_waived=finding.waiver is not None)
    return Explanation(
        account=account,
        lookup=lookup,
        judgement=judge(desk, finding, scene, lookup),
        keys=_keys(account),
        memberships=tuple(_held_back(desk, one, known) for one in memberships),
        timeline=known.timeline,
    )


def _held_back(desk: Desk, membership: Membership, known: _Known) -> Membership:
    """Return the membership; where Okta does not hold it, with what keeps a run from ending it, if anything does."""
    if not membership.is_here or membership.in_okta is not Belonging.NOT_MEMBER:
        return membership
    account, policy = known.scene.account, desk.policy
    ended = Item(
        effect=Effect.REMOVE_MEMBER,
        situation=Situation.MEMBER_EXTRA,
        account_id=account.id,
        user_name=account.user_name,
        okta_user_id=account.external_id,
        version=account.version,
        reason="",
        group_id=membership.group_id,
    )
    is_admin = account.is_admin and is_admin_group(membership.group_id, membership.name, policy)
    is_waived = any(one.covers(Situation.MEMBER_EXTRA, known.now) for one in known.waivers)
    why = forbids(ended, replace(known.scene, account=replace(account, is_admin=is_admin), is_waived=is_waived), policy)
    why = why or (desk.closed() if keeps_to_windows(ended) else None)
    said = (membership.detail, f"it would not be ended: {why}" if why else "")
    return replace(membership, detail="; ".join(filter(None, said)))


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
