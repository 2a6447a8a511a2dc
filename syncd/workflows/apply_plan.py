"""Carry out a plan that was judged, one transaction for each effect.

The kernel is a generator: it stops after each step at which the world may move or the process may die, so that a test
can let either happen there.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from scim.errors import ScimError
from scim.resource import Document, Member, MembershipChange, StoredResource
from syncd.core.attributes import with_attributes
from syncd.core.changes import Action, Change
from syncd.core.group_matching import Ties
from syncd.core.group_planning import NAME, is_admin_group
from syncd.core.guard import (
    Verdict,
    forbids,
    forbids_group,
    forbids_push,
    judge_record,
    needs_lookup,
    refutes,
    refutes_claimant,
    refutes_membership,
)
from syncd.core.planning import NEW, Item, Plan, keeps_to_windows
from syncd.core.rejections import Rejections
from syncd.core.situations import Effect
from syncd.ports import Lease, OutcomeKind, UnitOfWork
from syncd.workflows.desk import Desk
from syncd.workflows.scene import read_scene


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one item of the plan ended; `reason` is empty for one that was done.

    `late` is how long after `item.since` it was done, by the database's clock: how long access was open too long.
    """

    item: Item
    kind: OutcomeKind
    reason: str
    late: timedelta | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as JSON."""
        return {
            "outcome": self.kind.value,
            "account": self.item.account_id,
            "userName": self.item.user_name,
            "effect": self.item.effect.value,
            "reason": self.reason,
            "since": self.item.since.isoformat() if self.item.since else None,
            "lateSeconds": round(self.late.total_seconds()) if self.late is not None else None,
        }


class Step(StrEnum):
    """Where the apply kernel stops."""

    BEGUN = "begun"
    ASKED = "asked"
    INTENDED = "intended"
    CONCLUDED = "concluded"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be carried out: items of a run's plan by position, under a lease.

    `approval` is the id of the approval that lets the plan through, if it needs one; it is used up by the first
    item that is due. `left` has the version at which this plan left each group that it has changed, by SCIM id, and
    grows with the work. `ties` are what the groups on both sides are to one another now, where the plan is an older
    one.
    """

    run_id: str
    lease: Lease
    items: Sequence[tuple[int, Item]]
    approval: str | None = None
    left: dict[str, int] = field(default_factory=dict)
    ties: Ties | None = None


_FOR_A_PERSON: Final = NEW | {Effect.LINK, Effect.REACTIVATE}
Refusal = tuple[OutcomeKind, str]


def work_of(run_id: str, lease: Lease, plan: Plan, verdict: Verdict) -> Work:
    """Return the whole of a plan that the guard lets through as work."""
    return Work(run_id, lease, tuple(enumerate(plan.items)), verdict.approval)


def carry_out(desk: Desk, work: Work) -> tuple[Outcome, ...]:
    """Carry out the items without a stop, and return how each ended. Raises as `apply_plan` does."""
    outcomes: list[Outcome] = []
    for _step in apply_plan(desk, work, outcomes):
        pass
    return tuple(outcomes)


def apply_plan(desk: Desk, work: Work, outcomes: list[Outcome]) -> Generator[Step, None, None]:
    """Carry out the items, and add to `outcomes` as they end.

    Raises `LeaseLostError` at the first item after a later run took over; what was concluded before stays. Raises
    `AlreadyDecidedError` before the first item that is due when the approval is no longer good.
    """
    yield Step.BEGUN
    approval = work.approval
    for position, item in work.items:
        refusal = _not_due(desk, item, work)
        if refusal is None and approval is not None:
            _use(desk, work, approval)
            approval = None
        if refusal is None and needs_lookup(item, desk.policy):
            refusal = _refuted(desk, item) or _contended(desk, item)
            yield Step.ASKED
        if refusal is None:
            refusal = _intend(desk, work, position)
            yield Step.INTENDED
        outcomes.append(_conclude(desk, work, position, item, refusal))
        yield Step.CONCLUDED


def _use(desk: Desk, work: Work, approval: str) -> None:
    """Use the approval up, once something is due that it lets through."""
    with desk.database.transaction(desk.app, desk.cause(work.run_id)) as unit:
        unit.hold_lease(work.lease, desk.lease_lasts)
        unit.decisions.use_approval(approval, work.run_id)


def _intend(desk: Desk, work: Work, position: int) -> Refusal | None:
    """Write down that an effect is next, or return why it waits: the audit log does not go on."""
    with desk.database.transaction(desk.app, desk.cause(work.run_id)) as unit:
        unit.hold_lease(work.lease, desk.lease_lasts)
        for objection in judge_record(unit.unsealed()):
            return OutcomeKind.WAITING, str(objection)
        unit.runs.intend(work.run_id, position)
    return None


def _not_due(desk: Desk, item: Item, work: Work) -> Refusal | None:
    if item.waits:
        return OutcomeKind.WAITING, item.waits
    closed = desk.closed()
    if closed and keeps_to_windows(item):
        return OutcomeKind.WAITING, closed
    if item.proposed and work.approval is None:
        return OutcomeKind.WAITING, "proposed: it happens when somebody has approved the plan"
    gone = forbids_push(item, work.ties) if work.ties is not None else None
    return (OutcomeKind.SKIPPED, gone) if gone else None


def _refuted(desk: Desk, item: Item) -> Refusal | None:
    if item.okta_user_id is None:
        return OutcomeKind.SKIPPED, "no Okta user id to ask about"
    objection = None
    if item.okta_group_id is not None:
        told = desk.source.look_up_membership(item.okta_group_id, item.okta_user_id)
        objection = refutes_membership(item, told)
    if objection is None and item.effect is not Effect.REMOVE_MEMBER:
        objection = refutes(item, desk.source.look_up(item.okta_user_id))
    return (OutcomeKind.SKIPPED, objection) if objection else None


def _contended(desk: Desk, item: Item) -> Refusal | None:
    """Return why an account is not only the person's whose access it is about, by what Okta says now."""
    told = (refutes_claimant(one, desk.source.look_up(one)) for one in item.others if not _is_outside(desk, item, one))
    objection = next((one for one in told if one), None)
    return (OutcomeKind.SKIPPED, objection) if objection else None


def _is_outside(desk: Desk, item: Item, okta_user_id: str) -> bool:
    """Return whether somebody is definitely no member of the group in Okta that the effect is about, if it is."""
    if item.okta_group_id is None:
        return False
    told = desk.source.look_up_membership(item.okta_group_id, okta_user_id)
    return refutes_membership(item, told) is None


def _conclude(desk: Desk, work: Work, position: int, item: Item, refusal: Refusal | None) -> Outcome:
    if refusal is None:
        try:
            return _effect(desk, work, position, item)
        except ScimError as error:
            # The effect was rolled back with its outcome, so the outcome is written on its own.
            refusal = OutcomeKind.SKIPPED, error.detail
    kind, reason = refusal
    with desk.database.transaction(desk.app, desk.cause(work.run_id)) as unit:
        unit.hold_lease(work.lease, desk.lease_lasts)
        unit.runs.conclude(work.run_id, position, kind, reason)
    return Outcome(item, kind, reason)


def _effect(desk: Desk, work: Work, position: int, item: Item) -> Outcome:
    """Change the account, if every check still holds, in one transaction with its audit event and its outcome."""
    with desk.database.transaction(desk.app, desk.cause(work.run_id, f"{item.situation}: {item.reason}")) as unit:
        unit.hold_lease(work.lease, desk.lease_lasts)
        stored, objection = _read_scene(desk, unit, item, work)
        changed = unit.record(_CHANGES[item.effect](item, stored)) if objection is None else None
        kind = OutcomeKind.SKIPPED if objection else OutcomeKind.DONE
        version, made = (changed.version, changed.id if item.effect in NEW else None) if changed else (None, None)
        unit.runs.conclude(work.run_id, position, kind, objection or "", version, made)
        late = unit.decisions.now() - item.since if changed and item.since else None
        if late is not None and late > desk.revocation_sla > timedelta(0):
            unit.note(Action.REVOCATION_LATE, _lateness(item, late))
    if changed and item.group_id is not None:
        work.left[item.group_id] = changed.version
    return Outcome(item, kind, objection or "", late)


def _lateness(item: Item, late: timedelta) -> dict[str, Any]:
    """Return what is told of a revocation that came late (D31): an entry of the audit trail beside the effect."""
    since = item.since.isoformat() if item.since else None
    return {"account": item.account_id, "since": since, "lateSeconds": round(late.total_seconds())}


def _read_scene(desk: Desk, unit: UnitOfWork, item: Item, work: Work) -> tuple[StoredResource | None, str | None]:
    """Return the resource that the effect is on, and the check that forbids the effect, if one does."""
    too_late = _comes_too_late(unit, item) if item.effect in _FOR_A_PERSON else None
    if too_late or item.effect in NEW:
        return None, too_late
    if item.group_id is None:
        return _read_account(desk, unit, item, approved=work.approval is not None)
    group, stored = unit.groups.find(item.group_id) or (None, None)
    is_confirmed = unit.is_confirmed("Group", item.group_id)
    objection = forbids_group(group, work.left.get(item.group_id, item.version), is_confirmed=is_confirmed)
    if objection is None and group is not None and item.effect is not Effect.RENAME_GROUP:
        is_of_admins = is_admin_group(group.id, group.name, desk.policy)
        _, objection = _read_account(desk, unit, item, approved=work.approval is not None, is_of_admins=is_of_admins)
    return stored, objection


def _comes_too_late(unit: UnitOfWork, item: Item) -> str | None:
    """Return why the person is not to have this account any more: a review rejects them, or they have another one."""
    person = item.okta_user_id or ""
    if item.effect in NEW and Rejections.among(unit.reviews.rejections()).of_person(person):
        return "not so: no access review rejects it"
    for one in unit.find_accounts(person):
        if item.effect in NEW or (one.external_id == person and one.id != item.account_id):
            return f"account {one.id} has come meanwhile"
    return None


def _read_account(
    desk: Desk, unit: UnitOfWork, item: Item, *, approved: bool, is_of_admins: bool = True
) -> tuple[StoredResource | None, str | None]:
    """Return the account, and the check that forbids the effect, if one does.

    `is_of_admins` tells whether an administrator would be none after an effect that takes access away.
    """
    found = read_scene(unit, item.account_id, desk.policy, item.situation)
    if found is None:
        return None, forbids(item, None, desk.policy)
    scene, stored = found
    if not is_of_admins:
        scene = replace(scene, account=replace(scene.account, is_admin=False))
    return stored, forbids(item, scene, desk.policy, approved=approved)


def _rewritten(change: Callable[[Item, Document], Document]) -> Callable[[Item, StoredResource | None], Change]:
    def make(item: Item, stored: StoredResource | None) -> Change:
        if stored is None:
            raise AssertionError(item.effect)
        return Change("User", stored, change(item, stored.document))

    return make


def _regrouped(change: Callable[[Item], MembershipChange]) -> Callable[[Item, StoredResource | None], Change]:
    def make(item: Item, stored: StoredResource | None) -> Change:
        if stored is None:
            raise AssertionError(item.effect)
        return Change("Group", stored, stored.document, change(item))

    return make


def _renamed(item: Item, stored: StoredResource | None) -> Change:
    if stored is None:
        raise AssertionError(item.effect)
    return Change("Group", stored, {**stored.document, NAME: item.changes[NAME]})


def _created(*, again: bool) -> Callable[[Item, StoredResource | None], Change]:
    def make(item: Item, _stored: StoredResource | None) -> Change:
        bare: dict[str, Any] = {"userName": item.user_name, "externalId": item.okta_user_id, "active": True}
        return Change("User", None, with_attributes(bare, item.changes), again=again)

    return make


_CHANGES: Final[Mapping[Effect, Callable[[Item, StoredResource | None], Change]]] = {
    Effect.DEACTIVATE: _rewritten(lambda _item, document: {**document, "active": False}),
    Effect.UPDATE: _rewritten(lambda item, document: with_attributes(document, item.changes)),
    Effect.LINK: _rewritten(lambda item, document: {**document, "externalId": item.okta_user_id}),
    Effect.REACTIVATE: _rewritten(lambda _item, document: {**document, "active": True}),
    Effect.RESTORE: _created(again=True),
    Effect.CREATE: _created(again=False),
    Effect.REMOVE_MEMBER: _regrouped(lambda item: MembershipChange(remove=(item.account_id,))),
    Effect.ADD_MEMBER: _regrouped(lambda item: MembershipChange(add=(Member(item.account_id),))),
    Effect.RENAME_GROUP: _renamed,
}
