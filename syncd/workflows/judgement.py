"""What an explanation says of a finding: which checks hold now, what the next run would do, what would change that."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from syncd.core.classification import Finding
from syncd.core.guard import CHECKS, Scene, refutes
from syncd.core.planning import NEW, Item, keeps_to_windows
from syncd.core.policy import Policy
from syncd.core.situations import EFFECTS, MEANINGS, Mode, Situation
from syncd.core.subjects import Account, Lookup, MarkKind
from syncd.workflows.desk import Desk


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding, judged.

    `checks` says for each row of the guard whether it holds now; `verdict` what the next run would do, in words, and
    `remedies` what would change that.
    """

    finding: Finding
    checks: tuple[tuple[str, bool], ...]
    verdict: str
    remedies: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the judgement as JSON."""
        return {
            "situation": self.finding.situation.value,
            "reason": self.finding.reason,
            "waiver": self.finding.waiver,
            "checks": [{"check": said, "holds": holds} for said, holds in self.checks],
            "verdict": self.verdict,
            "remedies": list(self.remedies),
        }


def judge(desk: Desk, finding: Finding, scene: Scene | None, lookup: Lookup | None) -> Judgement:
    """Return the judgement of a finding. `scene` is its account's, None where there is none; `lookup` Okta's word now.

    Of the desk are the application, its policy, and whether a maintenance window lasts now.

    Where a situation has no effect, the checks of the account are those of the first effect that there is.
    """
    closed = desk.closed()
    checks = (*_checks(finding, scene, lookup, desk.policy), *_windows(finding, closed))
    verdict = _verdict(finding, checks, desk.policy, closed)
    return Judgement(finding, checks, verdict, _remedies(desk, finding, checks))


def lookup_as_json(lookup: Lookup | None) -> dict[str, Any] | None:
    """Return what Okta says now as JSON; None where it was not asked."""
    if lookup is None:
        return None
    return {
        "presence": lookup.presence.value,
        "detail": lookup.detail,
        "userStatus": lookup.user_status,
        "appStatus": lookup.app_status,
        "syncState": lookup.sync_state,
        "ageSeconds": round(lookup.age.total_seconds()) if lookup.age is not None else None,
        "requestIds": list(lookup.request_ids),
    }


def _checks(
    finding: Finding, scene: Scene | None, lookup: Lookup | None, policy: Policy
) -> tuple[tuple[str, bool], ...]:
    supposed = _supposed(finding)
    if scene is not None:
        return tuple(
            (said, holds(supposed, scene, policy)) for said, effects, holds in CHECKS if supposed.effect in effects
        )
    if EFFECTS.get(finding.base) not in NEW:
        return ()
    return ((_BORNE_OUT, lookup is not None and refutes(supposed, lookup) is None),)


def _windows(finding: Finding, closed: str | None) -> tuple[tuple[str, bool], ...]:
    """Return the check of an effect that keeps to maintenance windows; `closed` says until when one lasts."""
    keeps = finding.base in EFFECTS and keeps_to_windows(_supposed(finding))
    return ((_OPEN, closed is None),) if keeps else ()


_OPEN: Final = "no maintenance window lasts"
_BORNE_OUT: Final = "Okta says now that the person is assigned, and not suspended"


def _supposed(finding: Finding) -> Item:
    """Return the item that a plan would have because of the finding."""
    account, assignment = finding.account, finding.subject.assignment
    return Item(
        effect=EFFECTS.get(finding.base, next(iter(EFFECTS.values()))),
        situation=finding.base,
        account_id=account.id if account else "",
        user_name=account.user_name if account else (assignment and assignment.user_name) or "",
        okta_user_id=assignment.okta_user_id if assignment else account.external_id if account else None,
        version=account.version if account else 0,
        reason=finding.reason,
    )


def _remedies(desk: Desk, finding: Finding, checks: tuple[tuple[str, bool], ...]) -> tuple[str, ...]:
    """Return what would make the next run do something else, as things that a person can do."""
    effect, mode = EFFECTS.get(finding.base), desk.policy.mode(finding.base)
    account = finding.account
    found = [
        remedy.format(account=account.id if account else "", app=desk.app)
        for said, holds in checks
        if not holds
        for remedy in _what_to_do(said, account)
    ]
    if finding.waiver:
        found.append(f'end the waiver: syncd waiver end {finding.waiver} --app {desk.app} --reason "..."')
    if finding.base in {Situation.ACCESS_REJECTED, Situation.REJECTED_ASSIGNED}:
        found.append("take the assignment away in Okta: its next push would open the account again")
    if effect and mode is Mode.PROPOSE:
        found.append(f"approve a plan that holds it: {_APPROVE.format(app=desk.app)}")
    elif effect and mode is not Mode.AUTO:
        found.append(f'set modes.{finding.base} = "auto" for the application')
    return tuple(found)


def _what_to_do(said: str, account: Account | None) -> Iterator[str]:
    """Yield what would make a check hold; `{account}` and `{app}` are to be filled in."""
    if said in _WHAT_TO_DO:
        yield _WHAT_TO_DO[said]
    kinds = _MARKS.get(said, ())
    yield from (f"take the mark off: {_UNMARK[kind]}" for kind in kinds if account and kind in account.marks)


_APPROVE: Final = 'syncd plan approve DIGEST --app {app} --by NAME --reason "..."'
_UNMARK: Final = {kind: f'syncd mark remove {{account}} {kind} --app {{app}} --reason "..."' for kind in MarkKind}
_MARKS: Final = {"the account is neither on hold nor exempt": (MarkKind.HOLD, MarkKind.EXEMPT)}
_WHAT_TO_DO: Final = {
    "the account is not protected": f"take it out of `protected`, or: {_UNMARK[MarkKind.PROTECTED]}",
    "no access review rejects it": (
        "decide otherwise in a review: syncd review open --app {app} --period FROM..TO --reviewer NAME --scope rejected"
    ),
    "it is not in dispute whose the account is": "put its externalId right, or unassign the other in Okta",
    "enough administrators stay": "make somebody else an administrator first, or lower guard.min_admins",
    "the budget is not used up": f"wait, or approve the plan: {_APPROVE}",
    _OPEN: 'wait until it ends, or: syncd reconcile --app {app} --apply --despite-window "..."',
}


def _verdict(finding: Finding, checks: tuple[tuple[str, bool], ...], policy: Policy, closed: str | None) -> str:
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
        held = f"is held back: not so: {'; '.join(failed)}"
        return f"{effect} {f'waits: {closed}' if failed == [_OPEN] else held}"
    return f"the next run with --apply would {effect} it, when the snapshot and the thresholds allow"
