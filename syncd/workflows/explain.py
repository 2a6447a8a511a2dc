"""Why an account is as it is: what Okta says now, what we hold, what the guard says, and what happened so far."""

from dataclasses import dataclass
from typing import Any

from scim.resource import timestamp
from syncd.core.classification import Finding, classify
from syncd.core.guard import CHECKS
from syncd.core.planning import Item
from syncd.core.policy import Policy
from syncd.core.situations import EFFECTS, MEANINGS, Mode
from syncd.core.subjects import Account, Assignment, Candidate, LinkKey, Lookup, Presence, Subject
from syncd.ports import AssignmentSource, AuditEvent, Database


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, explained.

    `lookup` is None when the account carries no Okta user id to ask about. `checks` says for each row of the guard
    whether it holds now; `verdict` what the next run would do, in words; `trail` is youngest first.
    """

    account: Account
    lookup: Lookup | None
    finding: Finding
    checks: tuple[tuple[str, bool], ...]
    verdict: str
    trail: tuple[AuditEvent, ...]

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
                "version": account.version,
                "attributes": dict(account.attributes),
            },
            "okta": lookup
            and {
                "presence": lookup.presence.value,
                "detail": lookup.detail,
                "userStatus": lookup.user_status,
                "appStatus": lookup.app_status,
                "requestIds": list(lookup.request_ids),
            },
            "situation": self.finding.situation.value,
            "reason": self.finding.reason,
            "checks": [{"check": said, "holds": holds} for said, holds in self.checks],
            "verdict": self.verdict,
            "trail": [event_as_json(event) for event in self.trail],
        }


def explain(
    database: Database, source: AssignmentSource, app: str, policy: Policy, key: str
) -> tuple[Explanation, ...]:
    """Explain every account that `key` names: a SCIM id, an Okta user id, a user name or a work e-mail address.

    Asks Okta now, uncached; an answer that is not definitive shows as unknown. Empty when no account has that key.
    """
    with database.reading(app) as unit:
        accounts = unit.find_accounts(key)
        trails = [unit.audit_trail(subject_id=account.id, limit=20) for account in accounts]
    return tuple(
        _explain_one(account, source.look_up(account.external_id) if account.external_id else None, policy, trail)
        for account, trail in zip(accounts, trails, strict=True)
    )


def event_as_json(event: AuditEvent) -> dict[str, Any]:
    """Return an audit event as JSON."""
    return {
        "at": timestamp(event.at),
        "action": event.action,
        "actor": event.actor,
        "subject": event.subject_id,
        "name": event.subject_name,
        "run": event.run_id,
        "request": event.request_id,
        "detail": dict(event.detail),
    }


def _explain_one(account: Account, lookup: Lookup | None, policy: Policy, trail: tuple[AuditEvent, ...]) -> Explanation:
    (finding,) = classify([_subject(account, lookup)], policy.protects)
    supposed = Item(
        effect=EFFECTS.get(finding.base, next(iter(EFFECTS.values()))),
        situation=finding.base,
        account_id=account.id,
        user_name=account.user_name,
        okta_user_id=account.external_id,
        version=account.version,
        reason=finding.reason,
    )
    checks = tuple((said, holds(supposed, account, policy)) for said, holds in CHECKS)
    return Explanation(account, lookup, finding, checks, _verdict(finding, checks, policy), trail)


def _subject(account: Account, lookup: Lookup | None) -> Subject:
    candidate = Candidate(account, frozenset({LinkKey.OKTA_USER_ID}))
    if lookup is None or lookup.presence is not Presence.ASSIGNED or account.external_id is None:
        return Subject(None, (candidate,), lookup)
    assignment = Assignment(
        okta_user_id=account.external_id,
        user_name=None,
        external_id=None,
        app_status=lookup.app_status or "",
        user_status=lookup.user_status,
    )
    return Subject(assignment, (candidate,), lookup)


def _verdict(finding: Finding, checks: tuple[tuple[str, bool], ...], policy: Policy) -> str:
    effect = EFFECTS.get(finding.situation)
    if effect is None:
        return f"nothing is done about it: {MEANINGS[finding.situation]}"
    if policy.mode(finding.situation) is not Mode.AUTO:
        return f"only reported: the mode of {finding.situation} is {policy.mode(finding.situation)}"
    failed = [said for said, holds in checks if not holds]
    if failed:
        return f"{effect} is held back: not so: {'; '.join(failed)}"
    return f"the next run with --apply would {effect} it, when the snapshot and the thresholds allow"
