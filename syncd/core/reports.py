"""A drift report as a value: what a table, a JSON document and an exit code are made from."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scim.resource import timestamp
from syncd.core.balance import Balance
from syncd.core.classification import Finding
from syncd.core.group_matching import GroupFinding
from syncd.core.guard import Verdict
from syncd.core.planning import Plan
from syncd.core.severity import severity_of
from syncd.core.situations import MEANINGS, NO_DRIFT, Situation
from syncd.core.subjects import Account, MarkKind


@dataclass(frozen=True, slots=True)
class GroupReport:
    """What was found of pushed groups. `refusal` says why they were not looked at; then nothing is known of any.

    `mappings` is how many groups Okta pushes or did, `compared` of how many the members were held against one another,
    `members` how many members these have in Okta. `counts` and `findings` are of groups and of memberships; `findings`
    leaves out what is no drift.
    """

    mappings: int
    compared: int
    members: int
    counts: Mapping[Situation, int]
    findings: tuple[GroupFinding, ...]
    refusal: str | None = None

    @property
    def drifted(self) -> int:
        """How many groups and memberships are in a situation that a clean report does not hold."""
        return sum(count for situation, count in self.counts.items() if situation not in NO_DRIFT)

    def as_json(self) -> dict[str, Any]:
        """Return this part of the report as JSON."""
        return {
            "lookedAt": self.refusal is None,
            "whyNot": self.refusal,
            "mappings": self.mappings,
            "compared": self.compared,
            "members": self.members,
            "counts": {situation.value: count for situation, count in self.counts.items()},
            "drifted": self.drifted,
            "findings": [_group_finding_as_json(finding) for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """How the population was read: pages, the application's id and label in Okta, and hex digests of what asked.

    `credential` is of the credential, `filter` of the address that was asked.
    """

    pages: int
    okta_app_id: str
    app_label: str
    credential: str
    filter: str

    def as_json(self) -> dict[str, Any]:
        """Return this as JSON."""
        return {
            "pages": self.pages,
            "oktaAppId": self.okta_app_id,
            "appLabel": self.app_label,
            "credentialDigest": self.credential,
            "filterDigest": self.filter,
        }


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One application at one moment.

    `counts` has a row for each situation that occurs. `coverage` is the share of active accounts that syncd manages,
    in percent. `linked` is how many accounts an assignment points to. `groups` is None where nobody asked for them,
    `listing` where people were asked about one by one.
    """

    app: str
    run_id: str
    snapshot_id: str
    started: datetime
    sealed: datetime
    assignments: int
    accounts: int
    linked: int
    coverage: float
    counts: Mapping[Situation, int]
    findings: tuple[Finding, ...]
    plan: Plan
    verdict: Verdict
    policy_digest: str
    groups: GroupReport | None = None
    listing: Listing | None = None

    @property
    def balance(self) -> Balance:
        """Whether the report adds up; see `Balance`. Groups and memberships are counted apart."""
        return Balance(self.assignments, self.accounts, self.linked, sum(self.counts.values()))

    @property
    def unknown(self) -> int:
        """Of how many subjects, groups and memberships nothing is concluded."""
        of_groups = self.groups.counts.get(Situation.UNKNOWN, 0) if self.groups else 0
        return self.counts.get(Situation.UNKNOWN, 0) + of_groups

    @property
    def drifted(self) -> int:
        """How many subjects, groups and memberships are in a situation that a clean report does not hold."""
        of_accounts = sum(count for situation, count in self.counts.items() if situation not in NO_DRIFT)
        return of_accounts + (self.groups.drifted if self.groups else 0)

    def has(self, situations: Collection[Situation]) -> bool:
        """Return whether a subject, a group or a membership is in one of these situations."""
        of_groups = self.groups.counts if self.groups else {}
        return any(self.counts.get(one) or of_groups.get(one) for one in situations)

    def tally(self) -> dict[str, int]:
        """Return how many subjects are in each situation, those of groups and memberships under "groups/..."."""
        of_groups = self.groups.counts if self.groups else {}
        told = {situation.value: count for situation, count in self.counts.items()}
        return told | {f"groups/{situation}": count for situation, count in of_groups.items()}

    @property
    def left_out(self) -> str | None:
        """Why something that was to be looked at was not, or None."""
        return f"groups were not looked at: {self.groups.refusal}" if self.groups and self.groups.refusal else None

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON: what `docs/drift-report.schema.json` has under `report`."""
        return {
            "app": self.app,
            "run": self.run_id,
            "snapshot": {
                "id": self.snapshot_id,
                "started": timestamp(self.started),
                "sealed": timestamp(self.sealed),
                "rows": self.assignments,
                "listing": self.listing.as_json() if self.listing else None,
            },
            "accounts": self.accounts,
            "coveragePercent": round(self.coverage, 1),
            "policy": self.policy_digest,
            "counts": {situation.value: count for situation, count in self.counts.items()},
            "drifted": self.drifted,
            "findings": [_finding_as_json(finding) for finding in self.findings],
            "groups": self.groups.as_json() if self.groups else None,
            "plan": {
                "digest": self.plan.digest,
                "actions": len(self.plan.items),
                "items": [item.as_json() for item in self.plan.items],
                "deferred": [
                    {
                        "account": one.account_id,
                        "userName": one.user_name,
                        "situation": one.situation.value,
                        "reason": one.reason,
                    }
                    for one in self.plan.deferred
                ],
                "objections": [str(objection) for objection in self.verdict.objections],
                "approval": self.verdict.approval,
            },
        }


def count_situations(findings: Iterable[Finding], agreeing: int, without_id: int = 0) -> dict[Situation, int]:
    """Return how many subjects are in each situation, in the order of the taxonomy, zeros left out.

    `agreeing` is the number of subjects that were counted as in sync without being listed, `without_id` how many of
    them Okta holds no SCIM id of.
    """
    counted = Counter(finding.situation for finding in findings)
    counted[Situation.IN_SYNC] += agreeing - without_id
    counted[Situation.MISSING_EXTERNAL_ID] += without_id
    return {situation: counted[situation] for situation in Situation if counted[situation]}


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    account, subject, assignment = finding.account, finding.subject, finding.subject.assignment
    since = subject.removed or (subject.absence.since if subject.absence else None)
    return {
        "situation": finding.situation.value,
        "severity": severity_of(finding.situation, privileged=_is_privileged(account)).value,
        "meaning": MEANINGS[finding.situation],
        "userName": account.user_name if account else assignment and assignment.user_name,
        "account": account.id if account else None,
        "active": account.active if account else None,
        "privileged": _is_privileged(account),
        "oktaUserId": assignment.okta_user_id if assignment else account and account.external_id,
        "assignedTo": assignment.user_name if assignment else None,
        "since": timestamp(since) if since else None,
        "reason": finding.reason,
        "waiver": finding.waiver,
        "differences": {
            path: {"account": held, "okta": wanted} for path, (held, wanted) in sorted(finding.differences.items())
        },
    }


def _group_finding_as_json(finding: GroupFinding) -> dict[str, Any]:
    account, group, mapping = finding.account, finding.group, finding.mapping
    return {
        "situation": finding.situation.value,
        "severity": severity_of(finding.situation, privileged=_is_privileged(account)).value,
        "meaning": MEANINGS[finding.situation],
        "name": finding.name,
        "group": group.id if group else None,
        "oktaGroup": mapping.okta_group_id if mapping else None,
        "account": account.id if account else None,
        "userName": account.user_name if account else None,
        "oktaUserId": finding.okta_user_id,
        "reason": finding.reason,
        "waiver": finding.waiver,
    }


def _is_privileged(account: Account | None) -> bool:
    return account is not None and (account.is_admin or account.protected or MarkKind.PROTECTED in account.marks)
